// Numbers: the functions of `Real` in the words of CUDA C, each with the bits that it has in Rust.
//
// Nothing here is approximate: operations are exact or rounded as IEEE 754 prescribes, so kernels must be
// compiled without fused multiply-add and without fast math.

namespace gradus {

typedef unsigned long long u64;
typedef unsigned int u32;
typedef unsigned short u16;

static __device__ __forceinline__ u32 bits_of(float x) { return __float_as_uint(x); }
static __device__ __forceinline__ u64 bits_of(double x) { return (u64)__double_as_longlong(x); }
static __device__ __forceinline__ float float_of(u32 bits) { return __uint_as_float(bits); }
static __device__ __forceinline__ double double_of(u64 bits) { return __longlong_as_double((long long)bits); }

static __device__ __forceinline__ float square_root(float x) { return __fsqrt_rn(x); }
static __device__ __forceinline__ double square_root(double x) { return __dsqrt_rn(x); }

static __device__ __forceinline__ float magnitude(float x) { return float_of(bits_of(x) & 0x7FFFFFFFu); }
static __device__ __forceinline__ double magnitude(double x)
{
    return double_of(bits_of(x) & 0x7FFFFFFFFFFFFFFFull);
}

// The larger number; NaN if either is NaN.
template <class Number> static __device__ __forceinline__ Number larger(Number left, Number right)
{
    return left > right || left != left ? left : right;
}

// `x`, or `lowest` where it is smaller; NaN stays NaN.
template <class Number> static __device__ __forceinline__ Number at_least(Number x, Number lowest)
{
    return lowest > x ? lowest : x;
}

// `x`, or `highest` where it is larger; NaN stays NaN.
template <class Number> static __device__ __forceinline__ Number at_most(Number x, Number highest)
{
    return highest < x ? highest : x;
}

// The exponent, as the last digits of a number whose last place is 1.
static __device__ __forceinline__ float exponent(float x)
{
    const u32 field = (bits_of(x) & 0x7F800000u) >> 23;
    return float_of(bits_of(8388608.0f) | field) - (8388608.0f + 127.0f);
}
static __device__ __forceinline__ double exponent(double x)
{
    const u64 field = (bits_of(x) & 0x7FF0000000000000ull) >> 52;
    return double_of(bits_of(4503599627370496.0) | field) - (4503599627370496.0 + 1023.0);
}

static __device__ __forceinline__ float significand(float x)
{
    return float_of((bits_of(x) & 0x007FFFFFu) | bits_of(1.0f));
}
static __device__ __forceinline__ double significand(double x)
{
    return double_of((bits_of(x) & 0x000FFFFFFFFFFFFFull) | bits_of(1.0));
}

// The last place of what is added is 1, so the sum's last digits are the field of an exponent.
static __device__ __forceinline__ float power_of_two(float exponent)
{
    return float_of(bits_of(exponent + (12582912.0f + 127.0f)) << 23);
}
static __device__ __forceinline__ double power_of_two(double exponent)
{
    return double_of(bits_of(exponent + (6755399441055744.0 + 1023.0)) << 52);
}

} // namespace gradus
