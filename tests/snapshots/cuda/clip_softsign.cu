// Softsign, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct clip_softsign {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 3, TENSOR = 0, STATE = 0, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<clip_softsign> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_rate = at[2];
        const float parameter = element.parameter;
        const float gradient = element.gradient;
        const float t1 = magnitude(gradient);
        const float t2 = 1.0f + t1;
        const float t3 = gradient / t2;
        const float t4 = 2.0f * t3;
        const float t5 = at_coefficient * parameter;
        const float t6 = t4 + t5;
        const float t7 = -t4;
        const float t8 = t7 > 0 ? t6 : t4;
        const float t9 = t7 > 0 ? t4 : t6;
        const float t10 = -parameter;
        const float t11 = t10 > 0 ? t8 : t9;
        const float t12 = at_cautious > 0 ? t11 : t6;
        const float t13 = at_coefficient > 0 ? t12 : t4;
        const float t14 = at_rate * t13;
        const float t15 = parameter - t14;
        if (element.moves) {
            element.memory = Parameter::round(t15);
        }
    }
};
