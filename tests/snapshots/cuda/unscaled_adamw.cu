// AddDecay, ScaleByUnscaledAdam, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct unscaled_adamw {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 11, TENSOR = 0, STATE = 2, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<unscaled_adamw> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_decay = at[2];
        const float at_weight = at[3];
        const float at_second_decay = at[4];
        const float at_second_weight = at[5];
        const float at_added = at[6];
        const float at_floor = at[7];
        const float at_coefficient_2 = at[8];
        const float at_cautious_2 = at[9];
        const float at_rate = at[10];
        const float state_first = element.state[0];
        const float state_second = element.state[1];
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
        const float t10 = at_second_decay * state_second;
        const float t11 = t9 * t9;
        const float t12 = at_second_weight * t11;
        const float t13 = t10 + t12;
        const float t14 = square_root(t13);
        const float t15 = t14 + at_added;
        const float t16 = at_least(t15, at_floor);
        const float t17 = t9 / t16;
        const float t18 = at_decay * state_first;
        const float t19 = at_weight * t17;
        const float t20 = t18 + t19;
        const float t21 = t20 * t16;
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
        element.state[0] = t20;
        element.state[1] = t13;
        if (element.moves) {
            element.memory = Parameter::round(t31);
        }
    }
};
