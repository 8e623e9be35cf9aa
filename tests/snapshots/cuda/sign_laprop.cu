// AddDecay, ScaleByLaProp, Sign, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct sign_laprop {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 11, TENSOR = 2, STATE = 2, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<sign_laprop> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_decay = at[2];
        const float at_weight = at[3];
        const float at_second_decay = at[4];
        const float at_second_weight = at[5];
        const float at_added = at[6];
        const float at_floor = at[7];
        const float at_coefficient_2 = at[8];
        const float at_cautious_2 = at[9];
        const float at_rate = at[10];
        const float tensor_size = tensor[1];
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
        const float t10 = at_second_decay * state_second;
        const float t11 = t9 * t9;
        const float t12 = at_second_weight * t11;
        const float t13 = t10 + t12;
        const float t14 = square_root(t13);
        const float t15 = t14 + at_added;
        const float t16 = at_least(t15, at_floor);
        const float t17 = t9 / t16;
        const float t18 = at_decay * state_first;
        const float t19 = at_weight * t17;
        const float t20 = t18 + t19;
        const float t21 = -t20;
        const float t22 = t21 > 0 ? -1.0f : t20;
        const float t23 = t20 > 0 ? 1.0f : t22;
        const float t24 = t23 * tensor_size;
        const float t25 = at_coefficient_2 * parameter;
        const float t26 = t24 + t25;
        const float t27 = -t24;
        const float t28 = t27 > 0 ? t26 : t24;
        const float t29 = t27 > 0 ? t24 : t26;
        const float t30 = t6 > 0 ? t28 : t29;
        const float t31 = at_cautious_2 > 0 ? t30 : t26;
        const float t32 = at_coefficient_2 > 0 ? t31 : t24;
        const float t33 = at_rate * t32;
        const float t34 = parameter - t33;
        element.state[0] = t20;
        element.state[1] = t13;
        if (element.moves) {
            element.memory = Parameter::round(t34);
        }
    }
};

struct sign_laprop_0 {
    enum { FOLD = NORM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<sign_laprop> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_decay = at[2];
        const float at_weight = at[3];
        const float at_second_decay = at[4];
        const float at_second_weight = at[5];
        const float at_added = at[6];
        const float at_floor = at[7];
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
        const float t10 = at_second_decay * state_second;
        const float t11 = t9 * t9;
        const float t12 = at_second_weight * t11;
        const float t13 = t10 + t12;
        const float t14 = square_root(t13);
        const float t15 = t14 + at_added;
        const float t16 = at_least(t15, at_floor);
        const float t17 = t9 / t16;
        const float t18 = at_decay * state_first;
        const float t19 = at_weight * t17;
        const float t20 = t18 + t19;
        return t20;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float found = found_;
        into[0] = found;
    }
};

struct sign_laprop_1 {
    enum { FOLD = NORM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<sign_laprop> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_decay = at[2];
        const float at_weight = at[3];
        const float at_second_decay = at[4];
        const float at_second_weight = at[5];
        const float at_added = at[6];
        const float at_floor = at[7];
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
        const float t10 = at_second_decay * state_second;
        const float t11 = t9 * t9;
        const float t12 = at_second_weight * t11;
        const float t13 = t10 + t12;
        const float t14 = square_root(t13);
        const float t15 = t14 + at_added;
        const float t16 = at_least(t15, at_floor);
        const float t17 = t9 / t16;
        const float t18 = at_decay * state_first;
        const float t19 = at_weight * t17;
        const float t20 = t18 + t19;
        const float t21 = -t20;
        const float t22 = t21 > 0 ? -1.0f : t20;
        const float t23 = t20 > 0 ? 1.0f : t22;
        return t23;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float tensor_norm = tensor[0];
        const float found = found_;
        const float t1 = at_least(found, 1.0f);
        const float t2 = tensor_norm / t1;
        into[1] = t2;
    }
};
