// AddDecay, Momentum, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct sgd_momentum {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 8, TENSOR = 0, STATE = 1, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<sgd_momentum> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_momentum = at[2];
        const float at_gradient = at[3];
        const float at_nesterov = at[4];
        const float at_coefficient_2 = at[5];
        const float at_cautious_2 = at[6];
        const float at_rate = at[7];
        const float state_velocity = element.state[0];
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
        const float t10 = at_momentum * state_velocity;
        const float t11 = at_gradient * t9;
        const float t12 = t10 + t11;
        const float t13 = at_momentum * t12;
        const float t14 = t9 + t13;
        const float t15 = at_nesterov > 0 ? t14 : t12;
        const float t16 = at_coefficient_2 * parameter;
        const float t17 = t15 + t16;
        const float t18 = -t15;
        const float t19 = t18 > 0 ? t17 : t15;
        const float t20 = t18 > 0 ? t15 : t17;
        const float t21 = t6 > 0 ? t19 : t20;
        const float t22 = at_cautious_2 > 0 ? t21 : t17;
        const float t23 = at_coefficient_2 > 0 ? t22 : t15;
        const float t24 = at_rate * t23;
        const float t25 = parameter - t24;
        element.state[0] = t12;
        if (element.moves) {
            element.memory = Parameter::round(t25);
        }
    }
};
