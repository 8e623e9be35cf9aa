// AddDecay, ScaleByRectified, AddDecay, ScheduleFree
// parameters f32, gradients f32, state f32, nearest
struct schedule_free_radam {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 15, TENSOR = 0, STATE = 2, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<schedule_free_radam> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_second_decay = at[2];
        const float at_second_weight = at[3];
        const float at_added = at[4];
        const float at_floor = at[5];
        const float at_trusted = at[6];
        const float at_coefficient_2 = at[7];
        const float at_cautious_2 = at[8];
        const float at_moves = at[9];
        const float at_starts = at[10];
        const float at_newest = at[11];
        const float at_rate = at[12];
        const float at_rate_of_y = at[13];
        const float state_mean_square = element.state[0];
        const float state_z = element.state[1];
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
        const float t10 = at_second_decay * state_mean_square;
        const float t11 = t9 * t9;
        const float t12 = at_second_weight * t11;
        const float t13 = t10 + t12;
        const float t14 = square_root(t13);
        const float t15 = t14 + at_added;
        const float t16 = at_least(t15, at_floor);
        const float t17 = t9 / t16;
        const float t18 = at_trusted > 0 ? t17 : t9;
        const float t19 = at_coefficient_2 * parameter;
        const float t20 = t18 + t19;
        const float t21 = -t18;
        const float t22 = t21 > 0 ? t20 : t18;
        const float t23 = t21 > 0 ? t18 : t20;
        const float t24 = t6 > 0 ? t22 : t23;
        const float t25 = at_cautious_2 > 0 ? t24 : t20;
        const float t26 = at_coefficient_2 > 0 ? t25 : t18;
        const float t27 = at_starts > 0 ? parameter : state_z;
        const float t28 = at_rate * t26;
        const float t29 = t27 - t28;
        const float t30 = at_moves > 0 ? t29 : state_z;
        const float t31 = parameter - t27;
        const float t32 = at_newest * t31;
        const float t33 = at_rate_of_y * t26;
        const float t34 = t32 + t33;
        const float t35 = parameter - t34;
        element.state[0] = t13;
        element.state[1] = t30;
        if (element.moves) {
            element.memory = Parameter::round(t35);
        }
    }
};

struct schedule_free_radam_evaluation {
    static __device__ __forceinline__ float point(const float *at, const Element<schedule_free_radam> &element)
    {
        const float at_beyond = at[14];
        const float state_z = element.state[1];
        const float parameter = element.parameter;
        const float t1 = magnitude(at_beyond);
        const float t2 = state_z - parameter;
        const float t3 = at_beyond * t2;
        const float t4 = parameter + t3;
        const float t5 = t1 > 0 ? t4 : parameter;
        return t5;
    }
};
