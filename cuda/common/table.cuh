// The table of tensors: what a launch knows of each, as 64-bit words in the memory of the device.
//
//   word   0  elements
//          1  where the tensor's constants begin in the block of constants
//          2  noise: the tensor's id, and the number of its gradient in the upper half
//          3  seed
//          4  the numbers of the tensor                                pointers from here on
//          5  leaves of sums, one for each LEAF elements
//          6  parameter; null if the gradient only enters the averages
//          7  gradient
//          8  state, a pointer per field; then what the store carries, a pointer per field
//
// A launch walks a list of pairs (tensor, leaf), so that a thousand small tensors are one launch.

namespace gradus {

enum { LEAF = 4096, LANES = 256, BEFORE_FIELDS = 8 };

template <class Kernel> struct Row {
    enum { WORDS = BEFORE_FIELDS + Kernel::STATE + Kernel::CARRY };

    const u64 *words;

    __device__ __forceinline__ Row(const u64 *table, u32 tensor) : words(table + (u64)tensor * WORDS) {}

    template <class Memory> __device__ __forceinline__ Memory *pointer(int word) const
    {
        return reinterpret_cast<Memory *>(words[word]);
    }

    __device__ __forceinline__ u64 length() const { return words[0]; }
    __device__ __forceinline__ u64 noise() const { return words[2]; }
    __device__ __forceinline__ u64 seed() const { return words[3]; }
    __device__ __forceinline__ typename Kernel::Number *tensor() const
    {
        return pointer<typename Kernel::Number>(4);
    }
    __device__ __forceinline__ double *leaves() const { return pointer<double>(5); }
    __device__ __forceinline__ typename Kernel::Parameter::Memory *parameter() const
    {
        return pointer<typename Kernel::Parameter::Memory>(6);
    }
    __device__ __forceinline__ const typename Kernel::Gradient::Memory *gradient() const
    {
        return pointer<typename Kernel::Gradient::Memory>(7);
    }
    __device__ __forceinline__ typename Kernel::State::Memory *state(int field) const
    {
        return pointer<typename Kernel::State::Memory>(BEFORE_FIELDS + field);
    }
    __device__ __forceinline__ typename Kernel::Beside::Memory *carry(int field) const
    {
        return pointer<typename Kernel::Beside::Memory>(BEFORE_FIELDS + Kernel::STATE + field);
    }
};

// The constants of a tensor's step and the numbers of the tensor, read once by each thread.
template <class Kernel> struct Constants {
    typename Kernel::Number at[Kernel::CONSTANTS + 1];
    typename Kernel::Number tensor[Kernel::TENSOR + 1];

    __device__ __forceinline__ Constants(const Row<Kernel> &row, const void *constants)
    {
        const typename Kernel::Number *from = (const typename Kernel::Number *)constants + row.words[1];
#pragma unroll
        for (int i = 0; i < Kernel::CONSTANTS; ++i) at[i] = from[i];
#pragma unroll
        for (int i = 0; i < Kernel::TENSOR; ++i) tensor[i] = row.tensor()[i];
    }
};

// What a rule sees of an element and what it leaves, in the numbers that it computes with.
template <class Kernel> struct Element {
    typename Kernel::Number gradient, parameter, first_element;
    typename Kernel::Number state[Kernel::STATE + 1], carry[Kernel::CARRY + 1];
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
