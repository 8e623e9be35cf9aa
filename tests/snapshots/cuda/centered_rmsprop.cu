// AddDecay, ScaleByDeviation, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct centered_rmsprop {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 9, TENSOR = 0, STATE = 2, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<centered_rmsprop> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_decay = at[2];
        const float at_weight = at[3];
        const float at_added = at[4];
        const float at_floor = at[5];
        const float at_coefficient_2 = at[6];
        const float at_cautious_2 = at[7];
        const float at_rate = at[8];
        const float state_mean = element.state[0];
        const float state_variance = element.state[1];
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
        const float t10 = t9 - state_mean;
        const float t11 = t10 * t10;
        const float t12 = at_weight * t11;
        const float t13 = state_variance + t12;
        const float t14 = at_decay * t13;
        const float t15 = at_decay * state_mean;
        const float t16 = at_weight * t9;
        const float t17 = t15 + t16;
        const float t18 = square_root(t14);
        const float t19 = t18 + at_added;
        const float t20 = at_least(t19, at_floor);
        const float t21 = t9 / t20;
        const float t22 = at_coefficient_2 * parameter;
        const float t23 = t21 + t22;
        const float t24 = -t21;
        const float t25 = t24 > 0 ? t23 : t21;
        const float t26 = t24 > 0 ? t21 : t23;
        const float t27 = t6 > 0 ? t25 : t26;
        const float t28 = at_cautious_2 > 0 ? t27 : t23;
        const float t29 = at_coefficient_2 > 0 ? t28 : t21;
        const float t30 = at_rate * t29;
        const float t31 = parameter - t30;
        element.state[0] = t17;
        element.state[1] = t14;
        if (element.moves) {
            element.memory = Parameter::round(t31);
        }
    }
};
