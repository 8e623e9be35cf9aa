// State by axis: the largest number of each line, in two steps. The update reads what was there before both, so the first
// step stands before it and the second behind.
//
// Threads    maxima: a block of LANES threads for each line of the slowest axis, or for LANES of them if each is one
//            element; then, for each part of the tensor, a block for LANES lines of the other axes, a thread for each
//            raise: a block for LANES lines, a thread for each; the first block also serves the lines that hold all
// Memory     maxima reads what the rule looks at, once for the slowest axis and once for the others; neighbouring
//            threads read neighbouring elements along the slowest and the inner axis
// Barriers   maxima of a line: after every halving of the lanes; raise: the same, where lines hold the whole tensor
// Results    a maximum does not depend on the order

namespace gradus {

// The numbers that an element writes into its lines.
template <class Kernel, class Writes>
static __device__ __forceinline__ void written(
    const Row<Kernel> &row, const Constants<Kernel> &constants, u64 place,
    typename Kernel::Number (&into)[Kernel::AXES + 1])
{
    Element<Kernel> element;
    read_element(element, row, place);
    Writes::write(constants.at, constants.tensor, element, into);
}

template <class Kernel> static __device__ __forceinline__ void lowest(typename Kernel::Number (&numbers)[Kernel::AXES + 1])
{
#pragma unroll
    for (int field = 0; field < Kernel::AXES; ++field) {
        numbers[field] = (typename Kernel::Number)double_of(0xFFF0000000000000ull);
    }
}

template <class Kernel>
static __device__ __forceinline__ void raise(
    typename Kernel::Number (&numbers)[Kernel::AXES + 1], const typename Kernel::Number (&by)[Kernel::AXES + 1])
{
#pragma unroll
    for (int field = 0; field < Kernel::AXES; ++field) numbers[field] = larger(numbers[field], by[field]);
}

// The largest numbers of all threads, for the first one.
template <class Kernel>
static __device__ __forceinline__ void raise_by_block(typename Kernel::Number (&numbers)[Kernel::AXES + 1])
{
    __shared__ typename Kernel::Number lanes[LANES];
    const u32 lane = threadIdx.x;
    for (int field = 0; field < Kernel::AXES; ++field) {
        lanes[lane] = numbers[field];
        __syncthreads();
        for (u32 width = LANES / 2; width > 0; width /= 2) {
            if (lane < width) lanes[lane] = larger(lanes[lane], lanes[lane + width]);
            __syncthreads();
        }
        if (lane == 0) numbers[field] = lanes[0];
        __syncthreads();
    }
}

template <class Kernel, class Writes>
static __device__ __forceinline__ void maxima(const u64 *table, const u32 *list, const void *block_of_constants)
{
    typedef typename Kernel::Number Number;
    const Row<Kernel> row(table, list[2 * blockIdx.x]);
    const Constants<Kernel> constants(row, block_of_constants);
    const Lines lines(row.lines());
    const u64 blocks_of_slowest = lines.each() == 1 ? (lines.slowest() + LANES - 1) / LANES : lines.slowest();
    const u64 block = list[2 * blockIdx.x + 1];
    Number largest[Kernel::AXES + 1], found[Kernel::AXES + 1];
    lowest<Kernel>(largest);

    if (block < blocks_of_slowest && lines.each() == 1) {
        const u64 line = block * LANES + threadIdx.x;
        if (line >= lines.slowest()) return;
        written<Kernel, Writes>(row, constants, line, largest);
#pragma unroll
        for (int field = 0; field < Kernel::AXES; ++field) row.room(field)[line] = largest[field];
        return;
    }
    if (block < blocks_of_slowest) {
        for (u64 place = threadIdx.x; place < lines.each(); place += LANES) {
            written<Kernel, Writes>(row, constants, block * lines.each() + place, found);
            raise<Kernel>(largest, found);
        }
        raise_by_block<Kernel>(largest);
        if (threadIdx.x != 0) return;
        for (int field = 0; field < Kernel::AXES; ++field) row.room(field)[block] = largest[field];
        return;
    }

    const u64 blocks_of_part = (lines.others() + LANES - 1) / LANES;
    const u64 part = (block - blocks_of_slowest) / blocks_of_part;
    const u64 other = (block - blocks_of_slowest) % blocks_of_part * LANES + threadIdx.x;
    if (other >= lines.others()) return;
    // The axis of the line, and the line's index along it.
    u64 place = 0, index = other;
    while (index >= lines.other(place).length) index -= lines.other(place++).length;
    const Axis axis = lines.other(place);
    const u64 first = part * lines.lines_of_part() * lines.each();
    const u64 last_line = (part + 1) * lines.lines_of_part();
    const u64 end = (last_line < lines.slowest() ? last_line : lines.slowest()) * lines.each();
    // Elements with one index along an axis lie `stride` neighbours at a time.
    for (u64 begin = first + index * axis.stride; begin < end; begin += axis.length * axis.stride) {
        for (u64 i = 0; i < axis.stride; ++i) {
            written<Kernel, Writes>(row, constants, begin + i, found);
            raise<Kernel>(largest, found);
        }
    }
    for (int field = 0; field < Kernel::AXES; ++field) {
        row.room(field)[lines.slowest() + part * lines.others() + other] = largest[field];
    }
}

template <class Kernel>
static __device__ __forceinline__ void raise_lines(const u64 *table, const u32 *list, const void *block_of_constants)
{
    if (is_left_out(block_of_constants)) return;
    typedef typename Kernel::Number Number;
    const Row<Kernel> row(table, list[2 * blockIdx.x]);
    const Lines lines(row.lines());
    const u64 block = list[2 * blockIdx.x + 1];
    const u64 line = block * LANES + threadIdx.x;
    Number largest[Kernel::AXES + 1], found[Kernel::AXES + 1];

    if (line < lines.slowest()) {
#pragma unroll
        for (int field = 0; field < Kernel::AXES; ++field) {
            Number &number = row.axis(field)[lines.first_slowest() + line];
            number = larger(number, row.room(field)[line]);
        }
    } else if (line < lines.slowest() + lines.others()) {
        const u64 other = line - lines.slowest();
        u64 place = 0, index = other;
        while (index >= lines.other(place).length) index -= lines.other(place++).length;
        for (int field = 0; field < Kernel::AXES; ++field) {
            Number &number = row.axis(field)[lines.other(place).first + index];
            for (u64 part = 0; part < lines.parts(); ++part) {
                number = larger(number, row.room(field)[lines.slowest() + part * lines.others() + other]);
            }
        }
    }
    if (block != 0 || lines.whole() == 0) return;
    lowest<Kernel>(largest);
    for (u64 line = threadIdx.x; line < lines.slowest(); line += LANES) {
#pragma unroll
        for (int field = 0; field < Kernel::AXES; ++field) found[field] = row.room(field)[line];
        raise<Kernel>(largest, found);
    }
    raise_by_block<Kernel>(largest);
    if (threadIdx.x != 0) return;
    for (u64 place = 0; place < lines.whole(); ++place) {
        for (int field = 0; field < Kernel::AXES; ++field) {
            Number &number = row.axis(field)[lines.whole_line(place)];
            number = larger(number, largest[field]);
        }
    }
}

} // namespace gradus
