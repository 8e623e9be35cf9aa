// AddDecay, ScaleByDeviation, Momentum, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct centered_rmsprop_momentum {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 12, TENSOR = 0, STATE = 3, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<centered_rmsprop_momentum> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_decay = at[2];
        const float at_weight = at[3];
        const float at_added = at[4];
        const float at_floor = at[5];
        const float at_momentum = at[6];
        const float at_gradient = at[7];
        const float at_nesterov = at[8];
        const float at_coefficient_2 = at[9];
        const float at_cautious_2 = at[10];
        const float at_rate = at[11];
        const float state_mean = element.state[0];
        const float state_variance = element.state[1];
        const float state_velocity = element.state[2];
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
        const float t22 = at_momentum * state_velocity;
        const float t23 = at_gradient * t21;
        const float t24 = t22 + t23;
        const float t25 = at_momentum * t24;
        const float t26 = t21 + t25;
        const float t27 = at_nesterov > 0 ? t26 : t24;
        const float t28 = at_coefficient_2 * parameter;
        const float t29 = t27 + t28;
        const float t30 = -t27;
        const float t31 = t30 > 0 ? t29 : t27;
        const float t32 = t30 > 0 ? t27 : t29;
        const float t33 = t6 > 0 ? t31 : t32;
        const float t34 = at_cautious_2 > 0 ? t33 : t29;
        const float t35 = at_coefficient_2 > 0 ? t34 : t27;
        const float t36 = at_rate * t35;
        const float t37 = parameter - t36;
        element.state[0] = t17;
        element.state[1] = t14;
        element.state[2] = t24;
        if (element.moves) {
            element.memory = Parameter::round(t37);
        }
    }
};
