// MuLaw, AddDecay, ScaleByLearningRate
// parameters f32, gradients f32, state f32, nearest
struct clip_mu_law {
    typedef float Number;
    typedef F32 Parameter;
    typedef F32 Gradient;
    typedef F32 State;
    typedef F32 Beside;
    enum { CONSTANTS = 6, TENSOR = 0, STATE = 0, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 4, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const float *at, const float *tensor, Element<clip_mu_law> &element)
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
        const float t6 = 1.0f + t4;
        const float t7 = t6 - 1.0f;
        const float t8 = t6 - t7;
        const float t9 = 1.0f - t8;
        const float t10 = t4 - t7;
        const float t11 = t9 + t10;
        const float t12 = exponent(t6);
        const float t13 = significand(t6);
        const float t14 = t13 - 1.4142135381698608f;
        const float t15 = t12 + 1.0f;
        const float t16 = t14 > 0 ? t15 : t12;
        const float t17 = t13 * 0.5f;
        const float t18 = t14 > 0 ? t17 : t13;
        const float t19 = at_most(t16, 64.0f);
        const float t20 = at_least(t19, -64.0f);
        const float t21 = -t20;
        const float t22 = power_of_two(t21);
        const float t23 = t11 * t22;
        const float t24 = t18 - 1.0f;
        const float t25 = 2.0f + t24;
        const float t26 = t24 / t25;
        const float t27 = t26 * t26;
        const float t28 = 0.2222222238779068f * t27;
        const float t29 = t28 + 0.2857142984867096f;
        const float t30 = t29 * t27;
        const float t31 = t30 + 0.4000000059604645f;
        const float t32 = t31 * t27;
        const float t33 = t32 + 0.6666666865348816f;
        const float t34 = 0.5f * t24;
        const float t35 = t34 * t24;
        const float t36 = t16 * 1.428606765330187e-6f;
        const float t37 = t26 - t27;
        const float t38 = 2.0f * t37;
        const float t39 = t23 * t38;
        const float t40 = t23 - t39;
        const float t41 = t36 + t40;
        const float t42 = t16 * 0.693145751953125f;
        const float t43 = t27 * t33;
        const float t44 = t35 + t43;
        const float t45 = t26 * t44;
        const float t46 = t45 + t41;
        const float t47 = t35 - t46;
        const float t48 = t47 - t24;
        const float t49 = t42 - t48;
        const float t50 = magnitude(t4);
        const float t51 = t50 > 0 ? t49 : t4;
        const float t52 = t4 - 3.4028234663852886e38f;
        const float t53 = t52 > 0 ? t4 : t51;
        const float t54 = t6 - float_of(0x7F800000u);
        const float t55 = -t6;
        const float t56 = t55 > 0 ? float_of(0x7FC00000u) : t54;
        const float t57 = t6 > 0 ? t53 : t56;
        const float t58 = t57 + t5;
        const float t59 = t58 / at_divisor;
        const float t60 = -gradient;
        const float t61 = -t59;
        const float t62 = t60 > 0 ? t61 : gradient;
        const float t63 = gradient > 0 ? t59 : t62;
        const float t64 = at_coefficient * parameter;
        const float t65 = t63 + t64;
        const float t66 = -t63;
        const float t67 = t66 > 0 ? t65 : t63;
        const float t68 = t66 > 0 ? t63 : t65;
        const float t69 = -parameter;
        const float t70 = t69 > 0 ? t67 : t68;
        const float t71 = at_cautious > 0 ? t70 : t65;
        const float t72 = at_coefficient > 0 ? t71 : t63;
        const float t73 = at_rate * t72;
        const float t74 = parameter - t73;
        if (element.moves) {
            element.memory = Parameter::round(t74);
        }
    }
};
