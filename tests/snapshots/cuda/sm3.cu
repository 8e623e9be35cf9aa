// AddDecay, ScaleBySm3, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct sm3 {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 9, TENSOR = 0, STATE = 0, CARRY = 0, AXES = 1, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<sm3> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_old = at[2];
        const float at_new = at[3];
        const float at_added = at[4];
        const float at_floor = at[5];
        const float at_coefficient_2 = at[6];
        const float at_cautious_2 = at[7];
        const float at_rate = at[8];
        const float axes_accumulator = element.axes[0];
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
        const float t10 = at_old * axes_accumulator;
        const float t11 = t9 * t9;
        const float t12 = at_new * t11;
        const float t13 = t10 + t12;
        const float t14 = t13 + at_added;
        const float t15 = square_root(t14);
        const float t16 = at_least(t15, at_floor);
        const float t17 = t9 / t16;
        const float t18 = at_coefficient_2 * parameter;
        const float t19 = t17 + t18;
        const float t20 = -t17;
        const float t21 = t20 > 0 ? t19 : t17;
        const float t22 = t20 > 0 ? t17 : t19;
        const float t23 = t6 > 0 ? t21 : t22;
        const float t24 = at_cautious_2 > 0 ? t23 : t19;
        const float t25 = at_coefficient_2 > 0 ? t24 : t17;
        const float t26 = at_rate * t25;
        const float t27 = parameter - t26;
        if (element.moves) {
            element.memory = Parameter::round(t27);
        }
    }
};

struct sm3_lines {
    static __device__ __forceinline__ void write(
        const float *at, const float *tensor, const Element<sm3> &element, float *into)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_old = at[2];
        const float at_new = at[3];
        const float axes_accumulator = element.axes[0];
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
        const float t10 = at_old * axes_accumulator;
        const float t11 = t9 * t9;
        const float t12 = at_new * t11;
        const float t13 = t10 + t12;
        into[0] = t13;
    }
};
