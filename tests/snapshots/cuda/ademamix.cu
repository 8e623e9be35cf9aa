// AddDecay, ScaleByAdEMAMix, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct ademamix {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 14, TENSOR = 0, STATE = 3, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<ademamix> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_decay = at[2];
        const float at_weight = at[3];
        const float at_slow_decay = at[4];
        const float at_slow_weight = at[5];
        const float at_alpha = at[6];
        const float at_second_decay = at[7];
        const float at_second_weight = at[8];
        const float at_added = at[9];
        const float at_floor = at[10];
        const float at_coefficient_2 = at[11];
        const float at_cautious_2 = at[12];
        const float at_rate = at[13];
        const float state_fast = element.state[0];
        const float state_slow = element.state[1];
        const float state_second = element.state[2];
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
        const float t10 = at_decay * state_fast;
        const float t11 = at_weight * t9;
        const float t12 = t10 + t11;
        const float t13 = at_slow_decay * state_slow;
        const float t14 = at_slow_weight * t9;
        const float t15 = t13 + t14;
        const float t16 = at_second_decay * state_second;
        const float t17 = t9 * t9;
        const float t18 = at_second_weight * t17;
        const float t19 = t16 + t18;
        const float t20 = at_alpha * t15;
        const float t21 = t12 + t20;
        const float t22 = square_root(t19);
        const float t23 = t22 + at_added;
        const float t24 = at_least(t23, at_floor);
        const float t25 = t21 / t24;
        const float t26 = at_coefficient_2 * parameter;
        const float t27 = t25 + t26;
        const float t28 = -t25;
        const float t29 = t28 > 0 ? t27 : t25;
        const float t30 = t28 > 0 ? t25 : t27;
        const float t31 = t6 > 0 ? t29 : t30;
        const float t32 = at_cautious_2 > 0 ? t31 : t27;
        const float t33 = at_coefficient_2 > 0 ? t32 : t25;
        const float t34 = at_rate * t33;
        const float t35 = parameter - t34;
        element.state[0] = t12;
        element.state[1] = t15;
        element.state[2] = t19;
        if (element.moves) {
            element.memory = Parameter::round(t35);
        }
    }
};
