// AddDecay, ScaleByAmsGrad, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct amsgrad {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 12, TENSOR = 0, STATE = 3, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<amsgrad> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_first_decay = at[2];
        const float at_first_weight = at[3];
        const float at_second_decay = at[4];
        const float at_second_weight = at[5];
        const float at_added = at[6];
        const float at_floor = at[7];
        const float at_fading = at[8];
        const float at_coefficient_2 = at[9];
        const float at_cautious_2 = at[10];
        const float at_rate = at[11];
        const float state_first = element.state[0];
        const float state_second = element.state[1];
        const float state_largest = element.state[2];
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
        const float t10 = at_first_decay * state_first;
        const float t11 = at_first_weight * t9;
        const float t12 = t10 + t11;
        const float t13 = at_second_decay * state_second;
        const float t14 = t9 * t9;
        const float t15 = at_second_weight * t14;
        const float t16 = t13 + t15;
        const float t17 = at_fading * state_largest;
        const float t18 = larger(t17, t16);
        const float t19 = square_root(t18);
        const float t20 = t19 + at_added;
        const float t21 = at_least(t20, at_floor);
        const float t22 = t12 / t21;
        const float t23 = at_coefficient_2 * parameter;
        const float t24 = t22 + t23;
        const float t25 = -t22;
        const float t26 = t25 > 0 ? t24 : t22;
        const float t27 = t25 > 0 ? t22 : t24;
        const float t28 = t6 > 0 ? t26 : t27;
        const float t29 = at_cautious_2 > 0 ? t28 : t24;
        const float t30 = at_coefficient_2 > 0 ? t29 : t22;
        const float t31 = at_rate * t30;
        const float t32 = parameter - t31;
        element.state[0] = t12;
        element.state[1] = t16;
        element.state[2] = t18;
        if (element.moves) {
            element.memory = Parameter::round(t32);
        }
    }
};
