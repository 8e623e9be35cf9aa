// AddDecay, ScaleBySuds, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct suds_adamw {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 13, TENSOR = 5, STATE = 3, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<suds_adamw> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_rate = at[2];
        const float at_begins = at[3];
        const float at_decay = at[4];
        const float at_weight = at[5];
        const float at_second_decay = at[6];
        const float at_second_weight = at[7];
        const float at_added = at[8];
        const float at_floor = at[9];
        const float at_coefficient_2 = at[10];
        const float at_cautious_2 = at[11];
        const float at_rate_2 = at[12];
        const float tensor_distance = tensor[0];
        const float tensor_alignment = tensor[1];
        const float tensor_gradient = tensor[2];
        const float tensor_result = tensor[3];
        const float tensor_length = tensor[4];
        const float state_axis = element.state[0];
        const float state_first = element.state[1];
        const float state_second = element.state[2];
        const float parameter = element.parameter;
        const float gradient = element.gradient;
        const float first_element = element.first_element;
        const float t1 = at_coefficient * parameter;
        const float t2 = gradient + t1;
        const float t3 = -gradient;
        const float t4 = t3 > 0 ? t2 : gradient;
        const float t5 = t3 > 0 ? gradient : t2;
        const float t6 = -parameter;
        const float t7 = t6 > 0 ? t4 : t5;
        const float t8 = at_cautious > 0 ? t7 : t2;
        const float t9 = at_coefficient > 0 ? t8 : gradient;
        const float t10 = first_element - state_axis;
        const float t11 = t10 / tensor_distance;
        const float t12 = 2.0f * t11;
        const float t13 = t12 * tensor_gradient;
        const float t14 = t9 - t13;
        const float t15 = at_decay * state_first;
        const float t16 = at_weight * t14;
        const float t17 = t15 + t16;
        const float t18 = at_second_decay * state_second;
        const float t19 = t14 * t14;
        const float t20 = at_second_weight * t19;
        const float t21 = t18 + t20;
        const float t22 = square_root(t21);
        const float t23 = t22 + at_added;
        const float t24 = at_least(t23, at_floor);
        const float t25 = t17 / t24;
        const float t26 = at_begins > 0 ? state_first : t17;
        const float t27 = at_begins > 0 ? state_second : t21;
        const float t28 = tensor_alignment * t9;
        const float t29 = tensor_alignment * tensor_alignment;
        const float t30 = t29 * state_axis;
        const float t31 = t28 - t30;
        const float t32 = at_rate * t31;
        const float t33 = state_axis + t32;
        const float t34 = at_begins > 0 ? t9 : t33;
        const float t35 = t34 / tensor_length;
        const float t36 = t12 * tensor_result;
        const float t37 = t25 - t36;
        const float t38 = at_coefficient_2 * parameter;
        const float t39 = t37 + t38;
        const float t40 = -t37;
        const float t41 = t40 > 0 ? t39 : t37;
        const float t42 = t40 > 0 ? t37 : t39;
        const float t43 = t6 > 0 ? t41 : t42;
        const float t44 = at_cautious_2 > 0 ? t43 : t39;
        const float t45 = at_coefficient_2 > 0 ? t44 : t37;
        const float t46 = at_rate_2 * t45;
        const float t47 = parameter - t46;
        element.state[0] = t35;
        element.state[1] = t26;
        element.state[2] = t27;
        if (element.moves) {
            element.memory = Parameter::round(t47);
        }
    }
};

struct suds_adamw_0 {
    enum { FOLD = NORM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<suds_adamw> &element)
    {
        const float state_axis = element.state[0];
        const float first_element = element.first_element;
        const float t1 = first_element - state_axis;
        return t1;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float found = found_;
        const float t1 = at_least(found, 1.0000000031710769e-30f);
        into[0] = t1;
    }
};

struct suds_adamw_1 {
    enum { FOLD = SUM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<suds_adamw> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float state_axis = element.state[0];
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
        const float t10 = t9 * state_axis;
        return t10;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float found = found_;
        into[1] = found;
    }
};

struct suds_adamw_2 {
    enum { FOLD = SUM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<suds_adamw> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float tensor_distance = tensor[0];
        const float state_axis = element.state[0];
        const float parameter = element.parameter;
        const float gradient = element.gradient;
        const float first_element = element.first_element;
        const float t1 = at_coefficient * parameter;
        const float t2 = gradient + t1;
        const float t3 = -gradient;
        const float t4 = t3 > 0 ? t2 : gradient;
        const float t5 = t3 > 0 ? gradient : t2;
        const float t6 = -parameter;
        const float t7 = t6 > 0 ? t4 : t5;
        const float t8 = at_cautious > 0 ? t7 : t2;
        const float t9 = at_coefficient > 0 ? t8 : gradient;
        const float t10 = first_element - state_axis;
        const float t11 = t10 / tensor_distance;
        const float t12 = t11 * t9;
        return t12;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float found = found_;
        into[2] = found;
    }
};

struct suds_adamw_3 {
    enum { FOLD = SUM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<suds_adamw> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_decay = at[4];
        const float at_weight = at[5];
        const float at_second_decay = at[6];
        const float at_second_weight = at[7];
        const float at_added = at[8];
        const float at_floor = at[9];
        const float tensor_distance = tensor[0];
        const float tensor_gradient = tensor[2];
        const float state_axis = element.state[0];
        const float state_first = element.state[1];
        const float state_second = element.state[2];
        const float parameter = element.parameter;
        const float gradient = element.gradient;
        const float first_element = element.first_element;
        const float t1 = at_coefficient * parameter;
        const float t2 = gradient + t1;
        const float t3 = -gradient;
        const float t4 = t3 > 0 ? t2 : gradient;
        const float t5 = t3 > 0 ? gradient : t2;
        const float t6 = -parameter;
        const float t7 = t6 > 0 ? t4 : t5;
        const float t8 = at_cautious > 0 ? t7 : t2;
        const float t9 = at_coefficient > 0 ? t8 : gradient;
        const float t10 = first_element - state_axis;
        const float t11 = t10 / tensor_distance;
        const float t12 = 2.0f * t11;
        const float t13 = t12 * tensor_gradient;
        const float t14 = t9 - t13;
        const float t15 = at_decay * state_first;
        const float t16 = at_weight * t14;
        const float t17 = t15 + t16;
        const float t18 = at_second_decay * state_second;
        const float t19 = t14 * t14;
        const float t20 = at_second_weight * t19;
        const float t21 = t18 + t20;
        const float t22 = square_root(t21);
        const float t23 = t22 + at_added;
        const float t24 = at_least(t23, at_floor);
        const float t25 = t17 / t24;
        const float t26 = t11 * t25;
        return t26;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float found = found_;
        into[3] = found;
    }
};

struct suds_adamw_4 {
    enum { FOLD = NORM, IS_JOINT = 0 };

    static __device__ __forceinline__ float measure(
        const float *at, const float *tensor, const Element<suds_adamw> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_rate = at[2];
        const float at_begins = at[3];
        const float tensor_alignment = tensor[1];
        const float state_axis = element.state[0];
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
        const float t10 = tensor_alignment * t9;
        const float t11 = tensor_alignment * tensor_alignment;
        const float t12 = t11 * state_axis;
        const float t13 = t10 - t12;
        const float t14 = at_rate * t13;
        const float t15 = state_axis + t14;
        const float t16 = at_begins > 0 ? t9 : t15;
        return t16;
    }

    static __device__ __forceinline__ void finish(
        const float *at, const float *tensor, float found_, float count_, float *into)
    {
        const float found = found_;
        const float t1 = at_least(found, 1.0000000031710769e-30f);
        into[4] = t1;
    }
};
