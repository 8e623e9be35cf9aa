// AddDecay, ScaleByLion, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct lion {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 9, TENSOR = 0, STATE = 1, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<lion> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_direction = at[2];
        const float at_direction_weight = at[3];
        const float at_momentum = at[4];
        const float at_momentum_weight = at[5];
        const float at_coefficient_2 = at[6];
        const float at_cautious_2 = at[7];
        const float at_rate = at[8];
        const float state_momentum = element.state[0];
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
        const float t10 = at_direction * state_momentum;
        const float t11 = at_direction_weight * t9;
        const float t12 = t10 + t11;
        const float t13 = at_momentum * state_momentum;
        const float t14 = at_momentum_weight * t9;
        const float t15 = t13 + t14;
        const float t16 = -t12;
        const float t17 = t16 > 0 ? -1.0f : t12;
        const float t18 = t12 > 0 ? 1.0f : t17;
        const float t19 = at_coefficient_2 * parameter;
        const float t20 = t18 + t19;
        const float t21 = -t18;
        const float t22 = t21 > 0 ? t20 : t18;
        const float t23 = t21 > 0 ? t18 : t20;
        const float t24 = t6 > 0 ? t22 : t23;
        const float t25 = at_cautious_2 > 0 ? t24 : t20;
        const float t26 = at_coefficient_2 > 0 ? t25 : t18;
        const float t27 = at_rate * t26;
        const float t28 = parameter - t27;
        element.state[0] = t15;
        if (element.moves) {
            element.memory = Parameter::round(t28);
        }
    }
};
