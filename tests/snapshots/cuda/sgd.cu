// AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct sgd {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 3, TENSOR = 0, STATE = 0, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<sgd> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_rate = at[2];
        const float parameter = element.parameter;
        const float gradient = element.gradient;
        const float t1 = at_coefficient * parameter;
        const float t2 = gradient + t1;
        const float t3 = -gradient;
        const float t4 = t3 > 0 ? t2 : gradient;
        const float t5 = t3 > 0 ? gradient : t2;
        const float t6 = -parameter;
        const float t7 = t6 > 0 ? t4 : t5;
        const float t8 = at_cautious > 0 ? t7 : t2;
        const float t9 = at_coefficient > 0 ? t8 : gradient;
        const float t10 = at_rate * t9;
        const float t11 = parameter - t10;
        if (element.moves) {
            element.memory = Parameter::round(t11);
        }
    }
};
