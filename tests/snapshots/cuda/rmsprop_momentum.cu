// AddDecay, ScaleByRms, Momentum, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct rmsprop_momentum {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 12, TENSOR = 0, STATE = 2, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<rmsprop_momentum> &element)
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
        const float state_mean_square = element.state[0];
        const float state_velocity = element.state[1];
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
        const float t10 = at_decay * state_mean_square;
        const float t11 = t9 * t9;
        const float t12 = at_weight * t11;
        const float t13 = t10 + t12;
        const float t14 = square_root(t13);
        const float t15 = t14 + at_added;
        const float t16 = at_least(t15, at_floor);
        const float t17 = t9 / t16;
        const float t18 = at_momentum * state_velocity;
        const float t19 = at_gradient * t17;
        const float t20 = t18 + t19;
        const float t21 = at_momentum * t20;
        const float t22 = t17 + t21;
        const float t23 = at_nesterov > 0 ? t22 : t20;
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
        element.state[0] = t13;
        element.state[1] = t20;
        if (element.moves) {
            element.memory = Parameter::round(t33);
        }
    }
};
