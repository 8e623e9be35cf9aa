// AddDecay, ScaleByAdam, AddDecay, ScaleByLearningRate
// parameters bf16, gradients bf16, state bf16, kahan
struct adamw_bf16_kahan {
    typedef float Number;
    typedef Bf16 Parameter;
    typedef Bf16 Gradient;
    typedef Bf16 State;
    typedef Bf16 Beside;
    enum { CONSTANTS = 11, TENSOR = 0, STATE = 2, CARRY = 1, AXES = 0, STREAMS = 3, GROUP = 8, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<adamw_bf16_kahan> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_first_decay = at[2];
        const float at_first_weight = at[3];
        const float at_second_decay = at[4];
        const float at_second_weight = at[5];
        const float at_added = at[6];
        const float at_floor = at[7];
        const float at_coefficient_2 = at[8];
        const float at_cautious_2 = at[9];
        const float at_rate = at[10];
        const float state_first = element.state[0];
        const float state_second = element.state[1];
        const float carry_compensation = element.carry[0];
        const float parameter = element.parameter;
        const float t1 = parameter + carry_compensation;
        const float gradient = element.gradient;
        const float t2 = at_coefficient * t1;
        const float t3 = gradient + t2;
        const float t4 = -gradient;
        const float t5 = t4 > 0 ? t3 : gradient;
        const float t6 = t4 > 0 ? gradient : t3;
        const float t7 = -t1;
        const float t8 = t7 > 0 ? t5 : t6;
        const float t9 = at_cautious > 0 ? t8 : t3;
        const float t10 = at_coefficient > 0 ? t9 : gradient;
        const float t11 = at_first_decay * state_first;
        const float t12 = at_first_weight * t10;
        const float t13 = t11 + t12;
        const float t14 = at_second_decay * state_second;
        const float t15 = t10 * t10;
        const float t16 = at_second_weight * t15;
        const float t17 = t14 + t16;
        const float t18 = square_root(t17);
        const float t19 = t18 + at_added;
        const float t20 = at_least(t19, at_floor);
        const float t21 = t13 / t20;
        const float t22 = at_coefficient_2 * t1;
        const float t23 = t21 + t22;
        const float t24 = -t21;
        const float t25 = t24 > 0 ? t23 : t21;
        const float t26 = t24 > 0 ? t21 : t23;
        const float t27 = t7 > 0 ? t25 : t26;
        const float t28 = at_cautious_2 > 0 ? t27 : t23;
        const float t29 = at_coefficient_2 > 0 ? t28 : t21;
        const float t30 = at_rate * t29;
        const float t31 = carry_compensation - t30;
        const float t32 = parameter + t31;
        element.state[0] = t13;
        element.state[1] = t17;
        if (element.moves) {
            element.memory = Parameter::round(t32);
            const float stored = Parameter::widen(element.memory);
            const float t33 = stored - parameter;
            const float t34 = t31 - t33;
            const float t35 = magnitude(t34);
            const float t36 = 1.7014118346046923e38f - t35;
            const float t37 = t36 > 0 ? t34 : 0.0f;
            element.carry[0] = t37;
        }
    }
};
