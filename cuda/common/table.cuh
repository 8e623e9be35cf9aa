// The table of tensors: what a launch knows of each, as 64-bit words in the memory of the device.
//
//   word   0  elements
//          1  where the tensor's constants begin in the block of constants, in words
//          2  seed
//          3  the lines of the tensor, for state by axis               pointers from here on
//          4  leaves of sums, one for each LEAF elements
//          5  parameter; null if the gradient only enters the averages
//          6  gradient
//          7  a pointer per field: state, what the store carries, the numbers of the tensor, the state by axis, and
//             room for what becomes of that
//
// The block of constants, the one thing that every step brings along, begins with a pointer to what the device has
// decided about all gradients, or null: the first number there is what they are multiplied with, in the place of the
// constants that say so, and the fourth is 0 if the step is left out: then nothing that outlives the step is written.
// Then it has for each tensor a word of noise (the tensor's id, and the number of its gradient in
// the upper half), then the constants.
//
// A launch walks a list of pairs (tensor, leaf), so that a thousand small tensors are one launch.

namespace gradus {

enum { LEAF = 4096, LANES = 256, BEFORE_FIELDS = 7 };

template <class Kernel> struct Row {
    enum { WORDS = BEFORE_FIELDS + Kernel::STATE + Kernel::CARRY + Kernel::TENSOR + 2 * Kernel::AXES };

    const u64 *words;

    __device__ __forceinline__ Row(const u64 *table, u32 tensor) : words(table + (u64)tensor * WORDS) {}

    template <class Memory> __device__ __forceinline__ Memory *pointer(int word) const
    {
        return reinterpret_cast<Memory *>(words[word]);
    }

    __device__ __forceinline__ u64 length() const { return words[0]; }
    __device__ __forceinline__ u64 seed() const { return words[2]; }
    __device__ __forceinline__ const u64 *lines() const { return pointer<const u64>(3); }
    __device__ __forceinline__ double *leaves() const { return pointer<double>(4); }
    __device__ __forceinline__ typename Kernel::Parameter::Memory *parameter() const
    {
        return pointer<typename Kernel::Parameter::Memory>(5);
    }
    __device__ __forceinline__ const typename Kernel::Gradient::Memory *gradient() const
    {
        return pointer<typename Kernel::Gradient::Memory>(6);
    }
    __device__ __forceinline__ typename Kernel::State::Memory *state(int field) const
    {
        return pointer<typename Kernel::State::Memory>(BEFORE_FIELDS + field);
    }
    __device__ __forceinline__ typename Kernel::Beside::Memory *carry(int field) const
    {
        return pointer<typename Kernel::Beside::Memory>(BEFORE_FIELDS + Kernel::STATE + field);
    }
    __device__ __forceinline__ typename Kernel::Number *tensor(int field) const
    {
        return pointer<typename Kernel::Number>(BEFORE_FIELDS + Kernel::STATE + Kernel::CARRY + field);
    }
    __device__ __forceinline__ typename Kernel::Number *axis(int field) const
    {
        return pointer<typename Kernel::Number>(WORDS - 2 * Kernel::AXES + field);
    }
    __device__ __forceinline__ typename Kernel::Number *room(int field) const
    {
        return pointer<typename Kernel::Number>(WORDS - Kernel::AXES + field);
    }
};

// What has been decided about all gradients, if the device has.
static __device__ __forceinline__ const double *decided(const void *block_of_constants)
{
    return *(const double *const *)block_of_constants;
}

static __device__ __forceinline__ bool is_left_out(const void *block_of_constants)
{
    const double *numbers = decided(block_of_constants);
    return numbers && numbers[3] == 0.0;
}

// The constants of a tensor's step and the numbers of the tensor, read once by each thread.
template <class Kernel> struct Constants {
    u64 noise;
    typename Kernel::Number at[Kernel::CONSTANTS + 1];
    typename Kernel::Number tensor[Kernel::TENSOR + 1];

    __device__ __forceinline__ Constants(const Row<Kernel> &row, const void *constants)
    {
        const u64 *block = (const u64 *)constants + row.words[1];
        const typename Kernel::Number *from = (const typename Kernel::Number *)(block + 1);
        noise = block[0];
#pragma unroll
        for (int i = 0; i < Kernel::CONSTANTS; ++i) at[i] = from[i];
        if constexpr (Kernel::RESCALES) {
            const double *numbers = decided(constants);
            if (numbers) Kernel::rescale(at, (typename Kernel::Number)numbers[0]);
        }
#pragma unroll
        for (int i = 0; i < Kernel::TENSOR; ++i) tensor[i] = *row.tensor(i);
    }
};

// What a rule sees of an element and what it leaves, in the numbers that it computes with.
template <class Kernel> struct Element {
    typename Kernel::Number gradient, parameter, first_element;
    typename Kernel::Number state[Kernel::STATE + 1], carry[Kernel::CARRY + 1], axes[Kernel::AXES + 1];
    // The parameter as it is stored, with a correction if it has one; whether it is written, and the random
    // bits of its rounding.
    typename Kernel::Parameter::Memory memory;
    typename Kernel::Beside::Memory beside;
    bool moves;
    u32 random;
};

// Puts a parameter and what is carried beside it into an element, as numbers.
template <class Kernel>
static __device__ __forceinline__ void widen_parameter(
    Element<Kernel> &element, typename Kernel::Parameter::Memory memory,
    const typename Kernel::Beside::Memory (&carry)[Kernel::CARRY + 1])
{
    element.memory = memory;
    if constexpr (Kernel::CORRECTS) {
        element.beside = carry[0];
        element.parameter = join<typename Kernel::Parameter, Kernel::Beside::DIGITS>(memory, carry[0]);
    } else {
        element.parameter = Kernel::Parameter::widen(memory);
#pragma unroll
        for (int field = 0; field < Kernel::CARRY; ++field) {
            element.carry[field] = Kernel::Beside::widen(carry[field]);
        }
    }
}

// The same for an element of a tensor. A parameter that is not written counts as 0.
template <class Kernel>
static __device__ __forceinline__ void read_parameter(Element<Kernel> &element, const Row<Kernel> &row, u64 place)
{
    typename Kernel::Beside::Memory carry[Kernel::CARRY + 1];
#pragma unroll
    for (int field = 0; field < Kernel::CARRY; ++field) carry[field] = row.carry(field)[place];
    const typename Kernel::Parameter::Memory none = 0;
    widen_parameter(element, row.parameter() ? row.parameter()[place] : none, carry);
}

template <class Kernel>
static __device__ __forceinline__ void read_state(Element<Kernel> &element, const Row<Kernel> &row, u64 place)
{
#pragma unroll
    for (int field = 0; field < Kernel::STATE; ++field) {
        element.state[field] = Kernel::State::widen(row.state(field)[place]);
    }
}

// Writes a target into parameter and correction.
template <class Kernel>
static __device__ __forceinline__ void correct(Element<Kernel> &element, float target, u32 random)
{
    int correction;
    element.memory = split<typename Kernel::Parameter, Kernel::Beside::DIGITS>(target, random, correction);
    element.beside = correction;
}

// What parameter and correction stand for.
template <class Kernel> static __device__ __forceinline__ float corrected(const Element<Kernel> &element)
{
    return join<typename Kernel::Parameter, Kernel::Beside::DIGITS>(element.memory, element.beside);
}

} // namespace gradus
