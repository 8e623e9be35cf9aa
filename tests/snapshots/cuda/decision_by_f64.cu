// Decides<3>
// parameters f64, gradients f64, state f64, nearest
struct decision_by_f64 {
    typedef double Number;
    typedef F64 Parameter;
    typedef F64 Gradient;
    typedef F64 State;
    typedef F64 Beside;
    enum { CONSTANTS = 6, TENSOR = 4, STATE = 0, CARRY = 0, AXES = 0, STREAMS = 0, GROUP = 2, CORRECTS = 0, RESCALES = 0 };

    static __device__ __forceinline__ void update(
        const double *at, const double *tensor, Element<decision_by_f64> &element)
    {
        const double parameter = element.parameter;
        const double gradient = element.gradient;
        const double t1 = parameter - gradient;
        if (element.moves) {
            element.memory = Parameter::round(t1);
        }
    }
};

struct decision_by_f64_0 {
    enum { FOLD = SUM, IS_JOINT = 1 };

    static __device__ __forceinline__ double measure(
        const double *at, const double *tensor, const Element<decision_by_f64> &element)
    {
        const double gradient = element.gradient;
        const double t1 = gradient * gradient;
        return t1;
    }

    static __device__ __forceinline__ void finish(
        const double *at, const double *tensor, double found_, double count_, double *into)
    {
        const double at_unscale = at[0];
        const double at_root = at[1];
        const double at_idle = at[2];
        const double at_limit = at[3];
        const double at_largest = at[4];
        const double at_skips = at[5];
        const double found = found_;
        const double t1 = square_root(found);
        const double t2 = t1 * at_unscale;
        const double t3 = t2 / at_root;
        const double t4 = t3 - at_idle;
        const double t5 = -t4;
        const double t6 = at_limit / t3;
        const double t7 = 1.0 + t4;
        const double t8 = t4 > 0 ? t6 : t7;
        const double t9 = t5 > 0 ? 1.0 : t8;
        const double t10 = at_unscale * t9;
        const double t11 = at_most(t10, at_largest);
        const double t12 = 1.7976931348623157e308 - t1;
        const double t13 = 1.0 + t12;
        const double t14 = t13 > 0 ? 1.0 : 0.0;
        const double t15 = at_skips > 0 ? t14 : 1.0;
        into[0] = t11;
        into[1] = t2;
        into[2] = t1;
        into[3] = t15;
    }
};

struct decision_by_f64_1 {
    enum { FOLD = SUM, IS_JOINT = 1 };

    static __device__ __forceinline__ double measure(
        const double *at, const double *tensor, const Element<decision_by_f64> &element)
    {
        const double gradient = element.gradient;
        const double t1 = gradient * 2.409919865102884e-181;
        const double t2 = t1 * t1;
        return t2;
    }

    static __device__ __forceinline__ void finish(
        const double *at, const double *tensor, double found_, double count_, double *into)
    {
        const double at_unscale = at[0];
        const double at_root = at[1];
        const double at_idle = at[2];
        const double at_limit = at[3];
        const double at_largest = at[4];
        const double at_skips = at[5];
        const double tensor_whole = tensor[2];
        const double found = found_;
        const double t1 = square_root(found);
        const double t2 = t1 / 2.409919865102884e-181;
        const double t3 = tensor_whole - 1.7976931348623157e308;
        const double t4 = t3 > 0 ? t2 : tensor_whole;
        const double t5 = t4 * at_unscale;
        const double t6 = t5 / at_root;
        const double t7 = t6 - at_idle;
        const double t8 = -t7;
        const double t9 = at_limit / t6;
        const double t10 = 1.0 + t7;
        const double t11 = t7 > 0 ? t9 : t10;
        const double t12 = t8 > 0 ? 1.0 : t11;
        const double t13 = at_unscale * t12;
        const double t14 = at_most(t13, at_largest);
        const double t15 = 1.7976931348623157e308 - t4;
        const double t16 = 1.0 + t15;
        const double t17 = t16 > 0 ? 1.0 : 0.0;
        const double t18 = at_skips > 0 ? t17 : 1.0;
        into[0] = t14;
        into[1] = t5;
        into[2] = t4;
        into[3] = t18;
    }
};

struct decision_by_f64_2 {
    enum { FOLD = SUM, IS_JOINT = 1 };

    static __device__ __forceinline__ double measure(
        const double *at, const double *tensor, const Element<decision_by_f64> &element)
    {
        const double gradient = element.gradient;
        const double t1 = gradient * 4.149515568880993e180;
        const double t2 = t1 * t1;
        return t2;
    }

    static __device__ __forceinline__ void finish(
        const double *at, const double *tensor, double found_, double count_, double *into)
    {
        const double at_unscale = at[0];
        const double at_root = at[1];
        const double at_idle = at[2];
        const double at_limit = at[3];
        const double at_largest = at[4];
        const double at_skips = at[5];
        const double tensor_whole = tensor[2];
        const double found = found_;
        const double t1 = square_root(found);
        const double t2 = t1 / 4.149515568880993e180;
        const double t3 = 3.8725919148493183e-121 - tensor_whole;
        const double t4 = t3 > 0 ? t2 : tensor_whole;
        const double t5 = t4 * at_unscale;
        const double t6 = t5 / at_root;
        const double t7 = t6 - at_idle;
        const double t8 = -t7;
        const double t9 = at_limit / t6;
        const double t10 = 1.0 + t7;
        const double t11 = t7 > 0 ? t9 : t10;
        const double t12 = t8 > 0 ? 1.0 : t11;
        const double t13 = at_unscale * t12;
        const double t14 = at_most(t13, at_largest);
        const double t15 = 1.7976931348623157e308 - t4;
        const double t16 = 1.0 + t15;
        const double t17 = t16 > 0 ? 1.0 : 0.0;
        const double t18 = at_skips > 0 ? t17 : 1.0;
        into[0] = t14;
        into[1] = t5;
        into[2] = t4;
        into[3] = t18;
    }
};
