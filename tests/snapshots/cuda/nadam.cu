// AddDecay, ScaleByNAdam, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct nadam {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 13, TENSOR = 0, STATE = 2, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<nadam> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_first_decay = at[2];
        const float at_first_weight = at[3];
        const float at_second_decay = at[4];
        const float at_second_weight = at[5];
        const float at_of_gradient = at[6];
        const float at_of_average = at[7];
        const float at_added = at[8];
        const float at_floor = at[9];
        const float at_coefficient_2 = at[10];
        const float at_cautious_2 = at[11];
        const float at_rate = at[12];
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
        const float t10 = at_first_decay * state_first;
        const float t11 = at_first_weight * t9;
        const float t12 = t10 + t11;
        const float t13 = at_second_decay * state_second;
        const float t14 = t9 * t9;
        const float t15 = at_second_weight * t14;
        const float t16 = t13 + t15;
        const float t17 = at_of_gradient * t9;
        const float t18 = at_of_average * t12;
        const float t19 = t17 + t18;
        const float t20 = square_root(t16);
        const float t21 = t20 + at_added;
        const float t22 = at_least(t21, at_floor);
        const float t23 = t19 / t22;
        const float t24 = at_coefficient_2 * parameter;
        const float t25 = t23 + t24;
        const float t26 = -t23;
        const float t27 = t26 > 0 ? t25 : t23;
        const float t28 = t26 > 0 ? t23 : t25;
        const float t29 = t6 > 0 ? t27 : t28;
        const float t30 = at_cautious_2 > 0 ? t29 : t25;
        const float t31 = at_coefficient_2 > 0 ? t30 : t23;
        const float t32 = at_rate * t31;
        const float t33 = parameter - t32;
        element.state[0] = t12;
        element.state[1] = t16;
        if (element.moves) {
            element.memory = Parameter::round(t33);
        }
    }
};
