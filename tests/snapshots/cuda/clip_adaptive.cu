// AdaptiveClip, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct clip_adaptive {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 6, TENSOR = 3, STATE = 0, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<clip_adaptive> &element)
    {
        const float at_coefficient = at[3];
        const float at_cautious = at[4];
        const float at_rate = at[5];
        const float tensor_divisor = tensor[1];
        const float tensor_factor = tensor[2];
        const float parameter = element.parameter;
        const float gradient = element.gradient;
        const float t1 = gradient / tensor_divisor;
        const float t2 = t1 * tensor_factor;
        const float t3 = at_coefficient * parameter;
        const float t4 = t2 + t3;
        const float t5 = -t2;
        const float t6 = t5 > 0 ? t4 : t2;
        const float t7 = t5 > 0 ? t2 : t4;
        const float t8 = -parameter;
        const float t9 = t8 > 0 ? t6 : t7;
        const float t10 = at_cautious > 0 ? t9 : t4;
        const float t11 = at_coefficient > 0 ? t10 : t2;
        const float t12 = at_rate * t11;
        const float t13 = parameter - t12;
        if (element.moves) {
            element.memory = Parameter::round(t13);
        }
    }
};

struct clip_adaptive_0 {
    enum { FOLD = NORM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<clip_adaptive> &element)
    {
        const float parameter = element.parameter;
        return parameter;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float at_limit = at[0];
        const float at_smallest_parameter = at[1];
        const float found = found_;
        const float t1 = at_least(found, at_smallest_parameter);
        const float t2 = at_limit * t1;
        into[0] = t2;
    }
};

struct clip_adaptive_1 {
    enum { FOLD = NORM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<clip_adaptive> &element)
    {
        const float gradient = element.gradient;
        return gradient;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float at_floor = at[2];
        const float tensor_limit = tensor[0];
        const float found = found_;
        const float t1 = at_least(found, at_floor);
        const float t2 = tensor_limit > 0 ? 0.0f : t1;
        const float t3 = tensor_limit + t2;
        const float t4 = t1 > 0 ? 0.0f : t1;
        const float t5 = 1.0f + t4;
        const float t6 = t3 > 0 ? 0.0f : t3;
        const float t7 = t5 + t6;
        const float t8 = t1 - t3;
        const float t9 = t8 > 0 ? t1 : t7;
        const float t10 = t8 > 0 ? t3 : 1.0f;
        into[1] = t9;
        into[2] = t10;
    }
};
