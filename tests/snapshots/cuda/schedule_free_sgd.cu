// AddDecay, ScheduleFree
// parameters f32, gradients f32, state f32, nearest
struct schedule_free_sgd {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 8, TENSOR = 0, STATE = 1, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<schedule_free_sgd> &element)
    {
        const float at_coefficient = at[0];
        const float at_cautious = at[1];
        const float at_moves = at[2];
        const float at_starts = at[3];
        const float at_newest = at[4];
        const float at_rate = at[5];
        const float at_rate_of_y = at[6];
        const float state_z = element.state[0];
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
        const float t10 = at_starts > 0 ? parameter : state_z;
        const float t11 = at_rate * t9;
        const float t12 = t10 - t11;
        const float t13 = at_moves > 0 ? t12 : state_z;
        const float t14 = parameter - t10;
        const float t15 = at_newest * t14;
        const float t16 = at_rate_of_y * t9;
        const float t17 = t15 + t16;
        const float t18 = parameter - t17;
        element.state[0] = t13;
        if (element.moves) {
            element.memory = Parameter::round(t18);
        }
    }
};

struct schedule_free_sgd_evaluation {
    static __device__ __forceinline__ float point(const float *at, const Element<schedule_free_sgd> &element)
    {
        const float at_beyond = at[7];
        const float state_z = element.state[0];
        const float parameter = element.parameter;
        const float t1 = magnitude(at_beyond);
        const float t2 = state_z - parameter;
        const float t3 = at_beyond * t2;
        const float t4 = parameter + t3;
        const float t5 = t1 > 0 ? t4 : parameter;
        return t5;
    }
};
