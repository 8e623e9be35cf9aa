// The update: one read and one write of everything that belongs to an element. The evaluation: the same
// without a rule, element by element.
//
// Threads    a block of LANES threads walks one leaf; each thread takes GROUP neighbouring elements at a
//            time, as many of the narrowest format as 16 bytes hold: eight in 16 bits, which a block of
//            random bits serves, four in f32, two in f64
// Memory     16 bytes at a time where pointers are aligned to that, and element by element at the tail of a
//            tensor; all of a group is read before anything is computed
// Barriers   none
// Results    an element's depend on nothing but the element: not on the grid, nor on its neighbours

namespace gradus {

// Neighbouring elements as the words that they lie in, 16 bytes at a time. A compiler makes wide loads by
// itself, but not wide stores: these ask for them.

template <int N> static __device__ __forceinline__ void load(const uint4 *from, u16 (&elements)[N])
{
#pragma unroll
    for (int i = 0; i < N; i += 8) {
        const uint4 eight = from[i / 8];
        const u32 words[4] = {eight.x, eight.y, eight.z, eight.w};
#pragma unroll
        for (int j = 0; j < 8; ++j) elements[i + j] = (u16)(words[j / 2] >> 16 * (j % 2));
    }
}

template <int N> static __device__ __forceinline__ void store(const u16 (&elements)[N], uint4 *into)
{
#pragma unroll
    for (int i = 0; i < N; i += 8) {
        u32 words[4];
#pragma unroll
        for (int j = 0; j < 4; ++j) words[j] = (u32)elements[i + 2 * j] | (u32)elements[i + 2 * j + 1] << 16;
        const uint4 eight = {words[0], words[1], words[2], words[3]};
        __stwb(into + i / 8, eight);
    }
}

template <int N> static __device__ __forceinline__ void load(const uint4 *from, float (&elements)[N])
{
#pragma unroll
    for (int i = 0; i < N; i += 4) {
        const uint4 four = from[i / 4];
        elements[i] = float_of(four.x);
        elements[i + 1] = float_of(four.y);
        elements[i + 2] = float_of(four.z);
        elements[i + 3] = float_of(four.w);
    }
}

template <int N> static __device__ __forceinline__ void store(const float (&elements)[N], uint4 *into)
{
#pragma unroll
    for (int i = 0; i < N; i += 4) {
        const u32 first = bits_of(elements[i]), second = bits_of(elements[i + 1]);
        const u32 third = bits_of(elements[i + 2]), fourth = bits_of(elements[i + 3]);
        const uint4 four = {first, second, third, fourth};
        __stwb(into + i / 4, four);
    }
}

template <int N> static __device__ __forceinline__ void load(const uint4 *from, double (&elements)[N])
{
#pragma unroll
    for (int i = 0; i < N; i += 2) {
        const uint4 two = from[i / 2];
        elements[i] = double_of((u64)two.y << 32 | two.x);
        elements[i + 1] = double_of((u64)two.w << 32 | two.z);
    }
}

template <int N> static __device__ __forceinline__ void store(const double (&elements)[N], uint4 *into)
{
#pragma unroll
    for (int i = 0; i < N; i += 2) {
        const u64 first = bits_of(elements[i]), second = bits_of(elements[i + 1]);
        const uint4 two = {(u32)first, (u32)(first >> 32), (u32)second, (u32)(second >> 32)};
        __stwb(into + i / 2, two);
    }
}

// Formats that are no word: element by element.
template <class Memory, int N> static __device__ __forceinline__ void load(const uint4 *from, Memory (&elements)[N])
{
#pragma unroll
    for (int i = 0; i < N; ++i) elements[i] = ((const Memory *)from)[i];
}

template <class Memory, int N> static __device__ __forceinline__ void store(const Memory (&elements)[N], uint4 *into)
{
#pragma unroll
    for (int i = 0; i < N; ++i) ((Memory *)into)[i] = elements[i];
}

// A group of elements, in registers.
template <class Memory, int GROUP> struct Group {
    Memory elements[GROUP];

    __device__ __forceinline__ void read(const Memory *from, u64 first, int count)
    {
        if (count == GROUP && ((u64)from & 15u) == 0) {
            load((const uint4 *)(from + first), elements);
        } else {
#pragma unroll
            for (int i = 0; i < GROUP; ++i) elements[i] = i < count ? from[first + i] : Memory();
        }
    }

    __device__ __forceinline__ void write(Memory *into, u64 first, int count) const
    {
        if (count == GROUP && ((u64)into & 15u) == 0) {
            store(elements, (uint4 *)(into + first));
        } else {
#pragma unroll
            for (int i = 0; i < GROUP; ++i) {
                if (i < count) into[first + i] = elements[i];
            }
        }
    }
};

template <class Kernel>
static __device__ __forceinline__ void update_group(
    const Row<Kernel> &row, const Constants<Kernel> &constants, u64 first, int count)
{
    typedef typename Kernel::Parameter Parameter;
    typedef typename Kernel::State State;
    enum { GROUP = Kernel::GROUP };
    static_assert(Kernel::STREAMS == 0 || GROUP == 8, "a group has the random bits of one block");
    const bool moves = row.parameter() != 0;

    Group<typename Kernel::Gradient::Memory, GROUP> gradient;
    Group<typename Parameter::Memory, GROUP> parameter;
    Group<typename Kernel::Beside::Memory, GROUP> carry[Kernel::CARRY + 1];
    Group<typename State::Memory, GROUP> state[Kernel::STATE + 1];
    gradient.read(row.gradient(), first, count);
    if (moves) {
        parameter.read(row.parameter(), first, count);
    } else {
#pragma unroll
        for (int i = 0; i < GROUP; ++i) parameter.elements[i] = 0;
    }
#pragma unroll
    for (int field = 0; field < Kernel::STATE; ++field) state[field].read(row.state(field), first, count);
#pragma unroll
    for (int field = 0; field < Kernel::CARRY; ++field) carry[field].read(row.carry(field), first, count);

    LineReader<Kernel> reader(row, first);
    Block random[2];
    if (Kernel::STREAMS > 0) random[0] = draw(row.seed(), constants.noise, 0, first);
    if (Kernel::STREAMS > 8) random[1] = draw(row.seed(), constants.noise, 1, first);

#pragma unroll
    for (int i = 0; i < GROUP; ++i) {
        Element<Kernel> element;
        element.gradient = Kernel::Gradient::widen(gradient.elements[i]);
        typename Kernel::Beside::Memory beside[Kernel::CARRY + 1];
#pragma unroll
        for (int field = 0; field < Kernel::CARRY; ++field) beside[field] = carry[field].elements[i];
        widen_parameter(element, parameter.elements[i], beside);
        if (!moves && Kernel::CORRECTS) element.parameter = 0;
        element.first_element = first + i == 0 ? 1 : 0;
        element.moves = moves;
        element.random = Kernel::STREAMS > 0 ? word(random[0], 0, i) : 0;
#pragma unroll
        for (int field = 0; field < Kernel::STATE; ++field) {
            element.state[field] = State::widen(state[field].elements[i]);
        }
        reader.read(first + i, element);

        Kernel::update(constants.at, constants.tensor, element);

        parameter.elements[i] = element.memory;
#pragma unroll
        for (int field = 0; field < Kernel::STATE; ++field) {
            const u32 stream = field + 1;
            state[field].elements[i] = Kernel::STREAMS > 1
                ? State::round_stochastically(element.state[field], word(random[stream / 8], stream, i))
                : State::round(element.state[field]);
        }
        if constexpr (Kernel::CORRECTS) {
            carry[0].elements[i] = element.beside;
        } else {
#pragma unroll
            for (int field = 0; field < Kernel::CARRY; ++field) {
                carry[field].elements[i] = Kernel::Beside::round(element.carry[field]);
            }
        }
    }

#pragma unroll
    for (int field = 0; field < Kernel::STATE; ++field) state[field].write(row.state(field), first, count);
    if (moves) {
        parameter.write(row.parameter(), first, count);
#pragma unroll
        for (int field = 0; field < Kernel::CARRY; ++field) {
            carry[field].write(row.carry(field), first, count);
        }
    }
}

// One block for each pair of the list.
template <class Kernel>
static __device__ __forceinline__ void update(const u64 *table, const u32 *list, const void *block_of_constants)
{
    if (is_left_out(block_of_constants)) return;
    const Row<Kernel> row(table, list[2 * blockIdx.x]);
    const Constants<Kernel> constants(row, block_of_constants);
    const u64 begin = (u64)list[2 * blockIdx.x + 1] * LEAF;
    const u64 end = begin + LEAF < row.length() ? begin + LEAF : row.length();
    for (u64 first = begin + threadIdx.x * Kernel::GROUP; first < end; first += LANES * Kernel::GROUP) {
        const u64 left = end - first;
        update_group(row, constants, first, left < Kernel::GROUP ? (int)left : (int)Kernel::GROUP);
    }
}

// Writes the point for evaluation into the place of the gradient, in the format of the parameter.
template <class Kernel, class Evaluation>
static __device__ __forceinline__ void evaluate(const u64 *table, const u32 *list, const void *block_of_constants)
{
    typedef typename Kernel::Number Number;
    typedef typename Kernel::Parameter Parameter;
    const Row<Kernel> row(table, list[2 * blockIdx.x]);
    const Number *constants = (const Number *)((const u64 *)block_of_constants + row.words[1] + 1);
    typename Parameter::Memory *into = row.template pointer<typename Parameter::Memory>(6);
    const u64 begin = (u64)list[2 * blockIdx.x + 1] * LEAF;
    const u64 end = begin + LEAF < row.length() ? begin + LEAF : row.length();
    for (u64 place = begin + threadIdx.x; place < end; place += LANES) {
        Element<Kernel> element;
        read_parameter(element, row, place);
        read_state(element, row, place);
        into[place] = Parameter::round(Evaluation::point(constants, element));
    }
}

} // namespace gradus
