// (Momentum | ScaleByAdam) → Graft, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct grafted {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 11, TENSOR = 2, STATE = 3, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<grafted> &element)
    {
        const float at_momentum = at[0];
        const float at_gradient = at[1];
        const float at_first_decay = at[3];
        const float at_first_weight = at[4];
        const float at_second_decay = at[5];
        const float at_second_weight = at[6];
        const float at_added = at[7];
        const float at_floor = at[8];
        const float at_rate = at[10];
        const float tensor_scale = tensor[1];
        const float state_velocity = element.state[0];
        const float state_first = element.state[1];
        const float state_second = element.state[2];
        const float parameter = element.parameter;
        const float gradient = element.gradient;
        const float t1 = at_momentum * state_velocity;
        const float t2 = at_gradient * gradient;
        const float t3 = t1 + t2;
        const float t4 = at_first_decay * state_first;
        const float t5 = at_first_weight * gradient;
        const float t6 = t4 + t5;
        const float t7 = at_second_decay * state_second;
        const float t8 = gradient * gradient;
        const float t9 = at_second_weight * t8;
        const float t10 = t7 + t9;
        const float t11 = square_root(t10);
        const float t12 = t11 + at_added;
        const float t13 = at_least(t12, at_floor);
        const float t14 = t6 / t13;
        const float t15 = t14 * tensor_scale;
        const float t16 = at_rate * t15;
        const float t17 = parameter - t16;
        element.state[0] = t3;
        element.state[1] = t6;
        element.state[2] = t10;
        if (element.moves) {
            element.memory = Parameter::round(t17);
        }
    }
};

struct grafted_0 {
    enum { FOLD = NORM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<grafted> &element)
    {
        const float at_momentum = at[0];
        const float at_gradient = at[1];
        const float at_nesterov = at[2];
        const float state_velocity = element.state[0];
        const float gradient = element.gradient;
        const float t1 = at_momentum * state_velocity;
        const float t2 = at_gradient * gradient;
        const float t3 = t1 + t2;
        const float t4 = at_momentum * t3;
        const float t5 = gradient + t4;
        const float t6 = at_nesterov > 0 ? t5 : t3;
        return t6;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float found = found_;
        into[0] = found;
    }
};

struct grafted_1 {
    enum { FOLD = NORM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<grafted> &element)
    {
        const float at_first_decay = at[3];
        const float at_first_weight = at[4];
        const float at_second_decay = at[5];
        const float at_second_weight = at[6];
        const float at_added = at[7];
        const float at_floor = at[8];
        const float state_first = element.state[1];
        const float state_second = element.state[2];
        const float gradient = element.gradient;
        const float t1 = at_first_decay * state_first;
        const float t2 = at_first_weight * gradient;
        const float t3 = t1 + t2;
        const float t4 = at_second_decay * state_second;
        const float t5 = gradient * gradient;
        const float t6 = at_second_weight * t5;
        const float t7 = t4 + t6;
        const float t8 = square_root(t7);
        const float t9 = t8 + at_added;
        const float t10 = at_least(t9, at_floor);
        const float t11 = t3 / t10;
        return t11;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float at_floor_2 = at[9];
        const float tensor_length = tensor[0];
        const float found = found_;
        const float t1 = at_least(found, at_floor_2);
        const float t2 = tensor_length / t1;
        into[1] = t2;
    }
};
