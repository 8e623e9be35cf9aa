// ClipRms, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct clip_rms {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 4, TENSOR = 2, STATE = 0, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<clip_rms> &element)
    {
        const float at_coefficient = at[1];
        const float at_cautious = at[2];
        const float at_rate = at[3];
        const float tensor_divisor = tensor[0];
        const float tensor_factor = tensor[1];
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

struct clip_rms_0 {
    enum { FOLD = NORM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<clip_rms> &element)
    {
        const float gradient = element.gradient;
        return gradient;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float at_bound = at[0];
        const float found = found_;
        const float count = count_;
        const float t1 = square_root(count);
        const float t2 = found / t1;
        const float t3 = t2 > 0 ? 0.0f : t2;
        const float t4 = 1.0f + t3;
        const float t5 = at_bound > 0 ? 0.0f : at_bound;
        const float t6 = t4 + t5;
        const float t7 = t2 - at_bound;
        const float t8 = t7 > 0 ? t2 : t6;
        const float t9 = t7 > 0 ? at_bound : 1.0f;
        into[0] = t8;
        into[1] = t9;
    }
};
