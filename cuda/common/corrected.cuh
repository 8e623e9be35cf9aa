// Error-corrected formats: a 16-bit number, and 8 or 16 more binary digits beside it.
//
// `src/dtype/corrected.rs` is the definition. Between two neighbouring narrow numbers of one sign lie 2^DIGITS steps;
// a value is rounded to a step, the step to the nearest narrow number, and the correction is the rest.

namespace gradus {

// Random bits that round to nearest.
enum : u32 { TO_NEAREST = 1u << 31 };

// What the two narrow formats differ in.
template <class Narrow> struct Places;

template <> struct Places<Bf16> {
    enum : u32 { INFINITE = 0x7F80u, NOT_A_NUMBER = 0x7FC0u };

    // The steps of 16 digits are the numbers of f32.
    template <int DIGITS> static __device__ __forceinline__ u32 steps(u32 size, u32 random)
    {
        return DIGITS == 16 ? size : (size + (random >> (16 + DIGITS) % 32)) >> (16 - DIGITS);
    }
    template <int DIGITS> static __device__ __forceinline__ float at(u32 steps)
    {
        return float_of(steps << (16 - DIGITS));
    }
};

template <> struct Places<F16> {
    enum : u32 { INFINITE = 0x7C00u, NOT_A_NUMBER = 0x7E00u };
    // Digits that f32 has beyond f16, and what is between the exponents.
    enum { BEYOND = 13 };
    enum : u32 { BIAS = (127u - 15u) << 23, SMALLEST_NORMAL = (127u - 14u) << 23 };

    template <int DIGITS> static __device__ __forceinline__ u32 steps(u32 size, u32 random)
    {
        // The last number below 2^16, which is beyond all of f16.
        const u32 last = ((127u + 16u) << 23) - 1u;
        const u32 rebiased = (size < last ? size : last) - BIAS;
        u32 normal;
        if constexpr (DIGITS < BEYOND) {
            normal = (rebiased + (random >> (32 - BEYOND + DIGITS))) >> (BEYOND - DIGITS);
        } else {
            normal = rebiased << (DIGITS - BEYOND);
        }
        const bool is_normal = size >= SMALLEST_NORMAL;
        const float steps = float_of(is_normal ? 0u : size) * float_of((127u + 24u + DIGITS) << 23);
        const int whole = (int)steps;
        const float rest = steps - (float)whole;
        const float threshold = (float)(int)(random >> 8) * float_of((127u - 24u) << 23);
        const u32 subnormal = (u32)whole + (rest >= 1.0f - threshold ? 1u : 0u);
        return is_normal ? normal : subnormal;
    }
    template <int DIGITS> static __device__ __forceinline__ float at(u32 steps)
    {
        u32 aligned;
        if constexpr (DIGITS < BEYOND) {
            aligned = steps << (BEYOND - DIGITS);
        } else {
            aligned = steps >> (DIGITS - BEYOND);
        }
        const float subnormal = (float)(int)steps * float_of((127u - 24u - DIGITS) << 23);
        return steps < 1u << (10 + DIGITS) ? subnormal : float_of(aligned + BIAS);
    }
};

// A value as a narrow number and a correction.
template <class Narrow, int DIGITS>
static __device__ __forceinline__ u32 split(float value, u32 random, int &correction)
{
    typedef Places<Narrow> P;
    const u32 half = 1u << (DIGITS - 1), infinity = (u32)P::INFINITE << DIGITS;
    const u32 size = bits_of(value) & 0x7FFFFFFFu;
    const u32 unbounded = P::template steps<DIGITS>(size, random), largest = infinity - half - 1u;
    const u32 finite = unbounded < largest ? unbounded : largest;
    const u32 bounded = size < 0x7F800000u ? finite : infinity;
    const u32 steps = value != value ? (u32)P::NOT_A_NUMBER << DIGITS : bounded;
    const u32 narrow = (steps + half) >> DIGITS;
    correction = (int)(steps - (narrow << DIGITS));
    return narrow | (bits_of(value) & 0x80000000u) >> 16;
}

// The other way round. A correction does not lead beyond zero.
template <class Narrow, int DIGITS> static __device__ __forceinline__ float join(u32 narrow, int correction)
{
    const u32 size = narrow & 0x7FFFu;
    const int steps = (int)(size << DIGITS) + correction;
    const float finite = Places<Narrow>::template at<DIGITS>(steps > 0 ? (u32)steps : 0u);
    const float joined = float_of(bits_of(finite) | (narrow & 0x8000u) << 16);
    return size < (u32)Places<Narrow>::INFINITE ? joined : Narrow::widen((u16)narrow);
}

// The correction by itself, beside a narrow number in memory of its own.
struct I8 {
    typedef signed char Memory;
    enum { DIGITS = 8 };
};
struct I16 {
    typedef short Memory;
    enum { DIGITS = 16 };
};

// Number and correction as one: three bytes, or a word.
struct Three {
    unsigned char bytes[3];
};

template <class Narrow> struct Plus8 {
    typedef Three Memory;

    static __device__ __forceinline__ float widen(Three memory)
    {
        const u32 narrow = (u32)memory.bytes[1] | (u32)memory.bytes[2] << 8;
        return join<Narrow, 8>(narrow, (signed char)memory.bytes[0]);
    }
    static __device__ __forceinline__ Three round(float value) { return round_stochastically(value, TO_NEAREST); }
    static __device__ __forceinline__ Three round_stochastically(float value, u32 random)
    {
        int correction;
        const u32 narrow = split<Narrow, 8>(value, random, correction);
        const Three memory = {
            {(unsigned char)correction, (unsigned char)narrow, (unsigned char)(narrow >> 8)}};
        return memory;
    }
};

template <class Narrow> struct Plus16 {
    typedef u32 Memory;

    static __device__ __forceinline__ float widen(u32 memory)
    {
        return join<Narrow, 16>(memory >> 16, (short)(memory & 0xFFFFu));
    }
    static __device__ __forceinline__ u32 round(float value) { return round_stochastically(value, TO_NEAREST); }
    static __device__ __forceinline__ u32 round_stochastically(float value, u32 random)
    {
        int correction;
        const u32 narrow = split<Narrow, 16>(value, random, correction);
        return narrow << 16 | ((u32)correction & 0xFFFFu);
    }
};

} // namespace gradus
