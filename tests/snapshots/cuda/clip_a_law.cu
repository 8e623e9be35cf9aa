// ALaw, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct clip_a_law {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 6, TENSOR = 0, STATE = 0, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<clip_a_law> &element)
    {
        const float at_compression = at[0];
        const float at_logarithm = at[1];
        const float at_divisor = at[2];
        const float at_coefficient = at[3];
        const float at_cautious = at[4];
        const float at_rate = at[5];
        const float parameter = element.parameter;
        const float gradient = element.gradient;
        const float t1 = magnitude(gradient);
        const float t2 = t1 - 1.0000000200408773e20f;
        const float t3 = at_compression * t1;
        const float t4 = t2 > 0 ? t1 : t3;
        const float t5 = t2 > 0 ? at_logarithm : 0.0f;
        const float t6 = 1.1754943508222875e-38f - t4;
        const float t7 = t4 * 16777216.0f;
        const float t8 = t6 > 0 ? t7 : t4;
        const float t9 = t6 > 0 ? 24.0f : 0.0f;
        const float t10 = exponent(t8);
        const float t11 = significand(t8);
        const float t12 = t11 - 1.4142135381698608f;
        const float t13 = t10 + 1.0f;
        const float t14 = t12 > 0 ? t13 : t10;
        const float t15 = t11 * 0.5f;
        const float t16 = t12 > 0 ? t15 : t11;
        const float t17 = t14 - t9;
        const float t18 = t16 - 1.0f;
        const float t19 = 2.0f + t18;
        const float t20 = t18 / t19;
        const float t21 = t20 * t20;
        const float t22 = 0.2222222238779068f * t21;
        const float t23 = t22 + 0.2857142984867096f;
        const float t24 = t23 * t21;
        const float t25 = t24 + 0.4000000059604645f;
        const float t26 = t25 * t21;
        const float t27 = t26 + 0.6666666865348816f;
        const float t28 = 0.5f * t18;
        const float t29 = t28 * t18;
        const float t30 = t17 * 1.428606765330187e-6f;
        const float t31 = t20 - t21;
        const float t32 = 2.0f * t31;
        const float t33 = 0.0f * t32;
        const float t34 = 0.0f - t33;
        const float t35 = t30 + t34;
        const float t36 = t17 * 0.693145751953125f;
        const float t37 = t21 * t27;
        const float t38 = t29 + t37;
        const float t39 = t20 * t38;
        const float t40 = t39 + t35;
        const float t41 = t29 - t40;
        const float t42 = t41 - t18;
        const float t43 = t36 - t42;
        const float t44 = t4 - 3.4028234663852886e38f;
        const float t45 = t44 > 0 ? t4 : t43;
        const float t46 = t4 - float_of(0x7F800000u);
        const float t47 = -t4;
        const float t48 = t47 > 0 ? float_of(0x7FC00000u) : t46;
        const float t49 = t4 > 0 ? t45 : t48;
        const float t50 = t49 + t5;
        const float t51 = 1.0f + t50;
        const float t52 = 1.0f - t4;
        const float t53 = t52 > 0 ? t4 : t51;
        const float t54 = t53 / at_divisor;
        const float t55 = -gradient;
        const float t56 = -t54;
        const float t57 = t55 > 0 ? t56 : gradient;
        const float t58 = gradient > 0 ? t54 : t57;
        const float t59 = at_coefficient * parameter;
        const float t60 = t58 + t59;
        const float t61 = -t58;
        const float t62 = t61 > 0 ? t60 : t58;
        const float t63 = t61 > 0 ? t58 : t60;
        const float t64 = -parameter;
        const float t65 = t64 > 0 ? t62 : t63;
        const float t66 = at_cautious > 0 ? t65 : t60;
        const float t67 = at_coefficient > 0 ? t66 : t58;
        const float t68 = at_rate * t67;
        const float t69 = parameter - t68;
        if (element.moves) {
            element.memory = Parameter::round(t69);
        }
    }
};
