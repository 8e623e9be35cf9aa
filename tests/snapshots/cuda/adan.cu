// AddDecay, ScaleByAdan, AddDecay, ScaleByLearningRate, Proximal
// parameters f32, gradients f32, state f32, nearest
struct adan {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 16, TENSOR = 0, STATE = 4, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<adan> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_starts = at[2];
        const float at_first_decay = at[3];
        const float at_first_weight = at[4];
        const float at_difference_decay = at[5];
        const float at_difference_weight = at[6];
        const float at_of_difference = at[7];
        const float at_second_decay = at[8];
        const float at_second_weight = at[9];
        const float at_added = at[10];
        const float at_floor = at[11];
        const float at_coefficient_2 = at[12];
        const float at_cautious_2 = at[13];
        const float at_rate = at[14];
        const float at_share = at[15];
        const float state_first = element.state[0];
        const float state_difference = element.state[1];
        const float state_second = element.state[2];
        const float state_previous = element.state[3];
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
        const float t10 = at_starts > 0 ? t9 : state_previous;
        const float t11 = t9 - t10;
        const float t12 = at_of_difference * t11;
        const float t13 = t9 + t12;
        const float t14 = at_first_decay * state_first;
        const float t15 = at_first_weight * t9;
        const float t16 = t14 + t15;
        const float t17 = at_difference_decay * state_difference;
        const float t18 = at_difference_weight * t11;
        const float t19 = t17 + t18;
        const float t20 = at_second_decay * state_second;
        const float t21 = t13 * t13;
        const float t22 = at_second_weight * t21;
        const float t23 = t20 + t22;
        const float t24 = at_of_difference * t19;
        const float t25 = t16 + t24;
        const float t26 = square_root(t23);
        const float t27 = t26 + at_added;
        const float t28 = at_least(t27, at_floor);
        const float t29 = t25 / t28;
        const float t30 = at_coefficient_2 * parameter;
        const float t31 = t29 + t30;
        const float t32 = -t29;
        const float t33 = t32 > 0 ? t31 : t29;
        const float t34 = t32 > 0 ? t29 : t31;
        const float t35 = t6 > 0 ? t33 : t34;
        const float t36 = at_cautious_2 > 0 ? t35 : t31;
        const float t37 = at_coefficient_2 > 0 ? t36 : t29;
        const float t38 = at_rate * t37;
        const float t39 = at_share * t38;
        const float t40 = parameter - t39;
        element.state[0] = t16;
        element.state[1] = t19;
        element.state[2] = t23;
        element.state[3] = t9;
        if (element.moves) {
            element.memory = Parameter::round(t40);
        }
    }
};
