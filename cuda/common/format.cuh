// Storage formats: how a number lies in memory, and the two roundings into it.
//
// The conversions are integer operations, the same as in `src/dtype.rs`: every bit pattern has a defined
// result, and no header of CUDA is needed.

namespace gradus {

struct F64 {
    typedef double Memory;

    static __device__ __forceinline__ double widen(double memory) { return memory; }
    static __device__ __forceinline__ double round(double value) { return value; }
    static __device__ __forceinline__ double round_stochastically(double value, u32) { return value; }
};

struct F32 {
    typedef float Memory;

    static __device__ __forceinline__ float widen(float memory) { return memory; }
    static __device__ __forceinline__ float round(float value) { return value; }
    static __device__ __forceinline__ float round_stochastically(float value, u32) { return value; }
};

struct Bf16 {
    typedef u16 Memory;

    static __device__ __forceinline__ float widen(u16 memory) { return float_of((u32)memory << 16); }

    // Ties to even. A carry out of the largest finite number lands on infinity; NaN must not be carried.
    static __device__ __forceinline__ u16 round(float value)
    {
        const u32 bits = bits_of(value);
        const u32 rounded = bits + (0x7FFFu + (bits >> 16 & 1u));
        return (u16)((value != value ? 0x7FC00000u : rounded) >> 16);
    }

    // From the largest number on, random bits below the mantissa could carry into infinity.
    static __device__ __forceinline__ u16 round_stochastically(float value, u32 random)
    {
        const u32 noise = magnitude(value) < float_of(0x7F7F0000u) ? random >> 16 : 0u;
        return (u16)((value != value ? 0x7FC00000u : bits_of(value) + noise) >> 16);
    }
};

struct F16 {
    typedef u16 Memory;

    // The product moves the exponent to the bias of f32, exactly for subnormals too. At 2^16 lies the
    // reserved exponent: infinities and NaN keep their mantissa.
    static __device__ __forceinline__ float widen(u16 memory)
    {
        const u32 sign = ((u32)memory & 0x8000u) << 16;
        const float size = float_of(((u32)memory & 0x7FFFu) << 13) * float_of((254u - 15u) << 23);
        return float_of(sign | bits_of(size) | (size >= 65536.0f ? 0x7F800000u : 0u));
    }

    static __device__ __forceinline__ u16 round(float value)
    {
        const u32 bits = bits_of(value), size = bits & 0x7FFFFFFFu;
        // Normal numbers: drop 13 bits, ties to even, and move the exponent's bias.
        const u32 normal = (size + (0xFFFu + (size >> 13 & 1u)) - (112u << 23)) >> 13;
        // Below 2^-14 the unit is 2^-24, the last bit of 0.5: let the addition round to it.
        const u32 subnormal = bits_of(float_of(size) + 0.5f) - bits_of(0.5f);
        const u32 finite = float_of(size) < smallest_normal() ? subnormal : normal;
        // 65520 is halfway between the largest number and what would follow it.
        const u32 bounded = magnitude(value) < 65520.0f ? finite : 0x7C00u;
        return with_sign(value != value ? 0x7E00u : bounded, bits);
    }

    static __device__ __forceinline__ u16 round_stochastically(float value, u32 random)
    {
        const u32 bits = bits_of(value), size = bits & 0x7FFFFFFFu;
        const u32 normal = (size + (random >> 19) - (112u << 23)) >> 13;
        const bool is_subnormal = float_of(size) < smallest_normal();
        const u32 truncated = is_subnormal ? subnormal_stochastically(size, random) : normal;
        const u32 bounded = magnitude(value) < 65504.0f ? truncated : 0x7BFFu;
        const u32 infinite = size == 0x7F800000u ? 0x7C00u : bounded;
        return with_sign(value != value ? 0x7E00u : infinite, bits);
    }

private:
    static __device__ __forceinline__ float smallest_normal() { return float_of((127u - 14u) << 23); }

    static __device__ __forceinline__ u16 with_sign(u32 size, u32 bits)
    {
        return (u16)(size | (bits & 0x80000000u) >> 16);
    }

    // In units of 2^-24, rounded up with the probability of what is cut off.
    static __device__ __forceinline__ u32 subnormal_stochastically(u32 size, u32 random)
    {
        const float units = float_of(size) * float_of((127u + 24u) << 23);
        const u32 whole = (u32)units;
        const float rest = units - (float)whole;
        const float threshold = (float)(random >> 8) * float_of((127u - 24u) << 23);
        return whole + (threshold < rest ? 1u : 0u);
    }
};

} // namespace gradus
