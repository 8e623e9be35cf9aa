// (Momentum | ScaleByAdam) → WeightedSum, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct weighted_sum {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 12, TENSOR = 0, STATE = 3, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<weighted_sum> &element)
    {
        const float at_momentum = at[0];
        const float at_gradient = at[1];
        const float at_nesterov = at[2];
        const float at_first_decay = at[3];
        const float at_first_weight = at[4];
        const float at_second_decay = at[5];
        const float at_second_weight = at[6];
        const float at_added = at[7];
        const float at_floor = at[8];
        const float at_first = at[9];
        const float at_second = at[10];
        const float at_rate = at[11];
        const float state_velocity = element.state[0];
        const float state_first = element.state[1];
        const float state_second = element.state[2];
        const float parameter = element.parameter;
        const float gradient = element.gradient;
        const float t1 = at_momentum * state_velocity;
        const float t2 = at_gradient * gradient;
        const float t3 = t1 + t2;
        const float t4 = at_momentum * t3;
        const float t5 = gradient + t4;
        const float t6 = at_nesterov > 0 ? t5 : t3;
        const float t7 = at_first_decay * state_first;
        const float t8 = at_first_weight * gradient;
        const float t9 = t7 + t8;
        const float t10 = at_second_decay * state_second;
        const float t11 = gradient * gradient;
        const float t12 = at_second_weight * t11;
        const float t13 = t10 + t12;
        const float t14 = square_root(t13);
        const float t15 = t14 + at_added;
        const float t16 = at_least(t15, at_floor);
        const float t17 = t9 / t16;
        const float t18 = at_first * t6;
        const float t19 = at_second * t17;
        const float t20 = t18 + t19;
        const float t21 = at_rate * t20;
        const float t22 = parameter - t21;
        element.state[0] = t3;
        element.state[1] = t9;
        element.state[2] = t13;
        if (element.moves) {
            element.memory = Parameter::round(t22);
        }
    }
};
