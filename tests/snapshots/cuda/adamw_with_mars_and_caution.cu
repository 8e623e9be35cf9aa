// Mars, AddDecay, ScaleByAdam, Caution, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct adamw_with_mars_and_caution {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 14, TENSOR = 2, STATE = 3, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<adamw_with_mars_and_caution> &element)
    {
        const float at_change = at[0];
        const float at_clips = at[1];
        const float at_coefficient = at[2];
        const float at_cautious = at[3];
        const float at_first_decay = at[4];
        const float at_first_weight = at[5];
        const float at_second_decay = at[6];
        const float at_second_weight = at[7];
        const float at_added = at[8];
        const float at_floor = at[9];
        const float at_sign_of_zero = at[10];
        const float at_coefficient_2 = at[11];
        const float at_cautious_2 = at[12];
        const float at_rate = at[13];
        const float tensor_divisor = tensor[0];
        const float tensor_scale = tensor[1];
        const float state_previous = element.state[0];
        const float state_first = element.state[1];
        const float state_second = element.state[2];
        const float parameter = element.parameter;
        const float gradient = element.gradient;
        const float t1 = gradient - state_previous;
        const float t2 = at_change * t1;
        const float t3 = gradient + t2;
        const float t4 = at_change > 0 ? t3 : gradient;
        const float t5 = t4 / tensor_divisor;
        const float t6 = at_clips > 0 ? t5 : t4;
        const float t7 = at_coefficient * parameter;
        const float t8 = t6 + t7;
        const float t9 = -t6;
        const float t10 = t9 > 0 ? t8 : t6;
        const float t11 = t9 > 0 ? t6 : t8;
        const float t12 = -parameter;
        const float t13 = t12 > 0 ? t10 : t11;
        const float t14 = at_cautious > 0 ? t13 : t8;
        const float t15 = at_coefficient > 0 ? t14 : t6;
        const float t16 = at_first_decay * state_first;
        const float t17 = at_first_weight * t15;
        const float t18 = t16 + t17;
        const float t19 = at_second_decay * state_second;
        const float t20 = t15 * t15;
        const float t21 = at_second_weight * t20;
        const float t22 = t19 + t21;
        const float t23 = square_root(t22);
        const float t24 = t23 + at_added;
        const float t25 = at_least(t24, at_floor);
        const float t26 = t18 / t25;
        const float t27 = t9 > 0 ? -1.0f : t6;
        const float t28 = t6 > 0 ? 1.0f : t27;
        const float t29 = t28 * t28;
        const float t30 = 1.0f - t29;
        const float t31 = at_sign_of_zero * t30;
        const float t32 = t28 + t31;
        const float t33 = -t26;
        const float t34 = t33 > 0 ? -1.0f : t26;
        const float t35 = t26 > 0 ? 1.0f : t34;
        const float t36 = t35 * t35;
        const float t37 = 1.0f - t36;
        const float t38 = at_sign_of_zero * t37;
        const float t39 = t35 + t38;
        const float t40 = t32 * t39;
        const float t41 = t40 * 0.0f;
        const float t42 = t26 * t41;
        const float t43 = t26 * tensor_scale;
        const float t44 = t40 > 0 ? t43 : t42;
        const float t45 = at_coefficient_2 * parameter;
        const float t46 = t44 + t45;
        const float t47 = -t44;
        const float t48 = t47 > 0 ? t46 : t44;
        const float t49 = t47 > 0 ? t44 : t46;
        const float t50 = t12 > 0 ? t48 : t49;
        const float t51 = at_cautious_2 > 0 ? t50 : t46;
        const float t52 = at_coefficient_2 > 0 ? t51 : t44;
        const float t53 = at_rate * t52;
        const float t54 = parameter - t53;
        element.state[0] = gradient;
        element.state[1] = t18;
        element.state[2] = t22;
        if (element.moves) {
            element.memory = Parameter::round(t54);
        }
    }
};

struct adamw_with_mars_and_caution_0 {
    enum { FOLD = NORM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<adamw_with_mars_and_caution> &element)
    {
        const float at_change = at[0];
        const float state_previous = element.state[0];
        const float gradient = element.gradient;
        const float t1 = gradient - state_previous;
        const float t2 = at_change * t1;
        const float t3 = gradient + t2;
        const float t4 = at_change > 0 ? t3 : gradient;
        return t4;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float found = found_;
        const float t1 = at_least(found, 1.0f);
        into[0] = t1;
    }
};

struct adamw_with_mars_and_caution_1 {
    enum { FOLD = SUM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<adamw_with_mars_and_caution> &element)
    {
        const float at_change = at[0];
        const float at_clips = at[1];
        const float at_coefficient = at[2];
        const float at_cautious = at[3];
        const float at_first_decay = at[4];
        const float at_first_weight = at[5];
        const float at_second_decay = at[6];
        const float at_second_weight = at[7];
        const float at_added = at[8];
        const float at_floor = at[9];
        const float at_sign_of_zero = at[10];
        const float tensor_divisor = tensor[0];
        const float state_previous = element.state[0];
        const float state_first = element.state[1];
        const float state_second = element.state[2];
        const float parameter = element.parameter;
        const float gradient = element.gradient;
        const float t1 = gradient - state_previous;
        const float t2 = at_change * t1;
        const float t3 = gradient + t2;
        const float t4 = at_change > 0 ? t3 : gradient;
        const float t5 = t4 / tensor_divisor;
        const float t6 = at_clips > 0 ? t5 : t4;
        const float t7 = at_coefficient * parameter;
        const float t8 = t6 + t7;
        const float t9 = -t6;
        const float t10 = t9 > 0 ? t8 : t6;
        const float t11 = t9 > 0 ? t6 : t8;
        const float t12 = -parameter;
        const float t13 = t12 > 0 ? t10 : t11;
        const float t14 = at_cautious > 0 ? t13 : t8;
        const float t15 = at_coefficient > 0 ? t14 : t6;
        const float t16 = at_first_decay * state_first;
        const float t17 = at_first_weight * t15;
        const float t18 = t16 + t17;
        const float t19 = at_second_decay * state_second;
        const float t20 = t15 * t15;
        const float t21 = at_second_weight * t20;
        const float t22 = t19 + t21;
        const float t23 = square_root(t22);
        const float t24 = t23 + at_added;
        const float t25 = at_least(t24, at_floor);
        const float t26 = t18 / t25;
        const float t27 = t9 > 0 ? -1.0f : t6;
        const float t28 = t6 > 0 ? 1.0f : t27;
        const float t29 = t28 * t28;
        const float t30 = 1.0f - t29;
        const float t31 = at_sign_of_zero * t30;
        const float t32 = t28 + t31;
        const float t33 = -t26;
        const float t34 = t33 > 0 ? -1.0f : t26;
        const float t35 = t26 > 0 ? 1.0f : t34;
        const float t36 = t35 * t35;
        const float t37 = 1.0f - t36;
        const float t38 = at_sign_of_zero * t37;
        const float t39 = t35 + t38;
        const float t40 = t32 * t39;
        const float t41 = t40 > 0 ? 1.0f : 0.0f;
        return t41;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float found = found_;
        const float count = count_;
        const float t1 = at_least(found, 1.0f);
        const float t2 = count / t1;
        into[1] = t2;
    }
};
