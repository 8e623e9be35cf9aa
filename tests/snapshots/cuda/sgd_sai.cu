// AddDecay, Momentum, ScaleBySignalToNoise<AsMeasured>, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct sgd_sai {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 11, TENSOR = 4, STATE = 1, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<sgd_sai> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_momentum = at[2];
        const float at_gradient = at[3];
        const float at_nesterov = at[4];
        const float at_coefficient_2 = at[8];
        const float at_cautious_2 = at[9];
        const float at_rate = at[10];
        const float tensor_ratio = tensor[2];
        const float tensor_largest = tensor[3];
        const float state_velocity = element.state[0];
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
        const float t10 = at_momentum * state_velocity;
        const float t11 = at_gradient * t9;
        const float t12 = t10 + t11;
        const float t13 = at_momentum * t12;
        const float t14 = t9 + t13;
        const float t15 = at_nesterov > 0 ? t14 : t12;
        const float t16 = at_least(tensor_largest, 9.99999991097579e-38f);
        const float t17 = tensor_ratio / t16;
        const float t18 = t17 * t15;
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
        element.state[0] = t12;
        if (element.moves) {
            element.memory = Parameter::round(t28);
        }
    }
};

struct sgd_sai_0 {
    enum { FOLD = MEAN, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<sgd_sai> &element)
    {
        const float gradient = element.gradient;
        return gradient;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float found = found_;
        into[0] = found;
    }
};

struct sgd_sai_1 {
    enum { FOLD = NORM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<sgd_sai> &element)
    {
        const float tensor_mean = tensor[0];
        const float gradient = element.gradient;
        const float t1 = gradient - tensor_mean;
        return t1;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float found = found_;
        const float count = count_;
        const float t1 = count - 1.0f;
        const float t2 = at_least(t1, 1.0f);
        const float t3 = square_root(t2);
        const float t4 = found / t3;
        into[1] = t4;
    }
};

struct sgd_sai_2 {
    enum { FOLD = NORM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<sgd_sai> &element)
    {
        const float gradient = element.gradient;
        return gradient;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float at_added = at[5];
        const float at_floor = at[6];
        const float at_formula = at[7];
        const float tensor_mean = tensor[0];
        const float tensor_deviation = tensor[1];
        const float found = found_;
        const float t1 = magnitude(tensor_mean);
        const float t2 = t1 * 2.384185791015625e-7f;
        const float t3 = tensor_deviation + at_added;
        const float t4 = at_least(t3, at_floor);
        const float t5 = found / t4;
        const float t6 = at_formula > 0 ? t5 : 1.0f;
        const float t7 = tensor_deviation - t2;
        const float t8 = t7 > 0 ? t5 : t6;
        into[2] = t8;
        into[3] = 1.0f;
    }
};
