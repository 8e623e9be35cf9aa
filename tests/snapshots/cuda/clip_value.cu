// ClipValue, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct clip_value {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 4, TENSOR = 0, STATE = 0, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<clip_value> &element)
    {
        const float at_limit = at[0];
        const float at_coefficient = at[1];
        const float at_cautious = at[2];
        const float at_rate = at[3];
        const float parameter = element.parameter;
        const float gradient = element.gradient;
        const float t1 = -at_limit;
        const float t2 = at_least(gradient, t1);
        const float t3 = at_most(t2, at_limit);
        const float t4 = at_coefficient * parameter;
        const float t5 = t3 + t4;
        const float t6 = -t3;
        const float t7 = t6 > 0 ? t5 : t3;
        const float t8 = t6 > 0 ? t3 : t5;
        const float t9 = -parameter;
        const float t10 = t9 > 0 ? t7 : t8;
        const float t11 = at_cautious > 0 ? t10 : t5;
        const float t12 = at_coefficient > 0 ? t11 : t3;
        const float t13 = at_rate * t12;
        const float t14 = parameter - t13;
        if (element.moves) {
            element.memory = Parameter::round(t14);
        }
    }
};
