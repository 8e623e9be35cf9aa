// State by axis: a number for each line of each axis of a tensor. An element reads the smallest number of its lines, and
// its lines keep the largest that it writes.
//
// What a tensor's lines are, as words (`src/device/lines.rs`):
//
//   word   0  elements in a run: neighbours whose index changes along one axis only, the inner one
//          1  the first line of that axis; all digits 1 if it has none
//          2  outer axes, slowest first
//          3  lines of the slowest axis
//          4  its first line
//          5  elements in each of these lines
//          6  lines of all other axes
//          7  parts that the tensor is cut into along the slowest axis
//          8  lines of the slowest axis in each part but the last
//          9  lines that hold the whole tensor, of axes of length 1
//         10  for each outer axis its length, its first line, and the elements between two indices along it;
//             the same for each of the other axes, in the order of their lines in the room; then the whole lines

namespace gradus {

enum { BEFORE_AXES = 10, WORDS_OF_AXIS = 3 };

struct Axis {
    u64 length, first, stride;
};

struct Lines {
    const u64 *words;

    __device__ __forceinline__ explicit Lines(const u64 *words) : words(words) {}

    __device__ __forceinline__ u64 run() const { return words[0]; }
    __device__ __forceinline__ bool has_inner() const { return words[1] != ~0ull; }
    __device__ __forceinline__ u64 inner() const { return words[1]; }
    __device__ __forceinline__ u64 outer() const { return words[2]; }
    __device__ __forceinline__ u64 slowest() const { return words[3]; }
    __device__ __forceinline__ u64 first_slowest() const { return words[4]; }
    __device__ __forceinline__ u64 each() const { return words[5]; }
    __device__ __forceinline__ u64 others() const { return words[6]; }
    __device__ __forceinline__ u64 parts() const { return words[7]; }
    __device__ __forceinline__ u64 lines_of_part() const { return words[8]; }
    __device__ __forceinline__ u64 whole() const { return words[9]; }

    __device__ __forceinline__ Axis axis(u64 place) const
    {
        const u64 *from = words + BEFORE_AXES + WORDS_OF_AXIS * place;
        const Axis axis = {from[0], from[1], from[2]};
        return axis;
    }
    // The other axes than the slowest one stand behind the outer ones: as many, if there is an outer one.
    __device__ __forceinline__ Axis other(u64 place) const { return axis(outer() + place); }
    __device__ __forceinline__ u64 whole_line(u64 place) const
    {
        return words[BEFORE_AXES + WORDS_OF_AXIS * 2 * outer() + place];
    }
};

// The smaller number; NaN if either is NaN.
template <class Number> static __device__ __forceinline__ Number smaller(Number left, Number right)
{
    return -larger(-left, -right);
}

// Reads the numbers of neighbouring elements, one after the other.
template <class Kernel, bool HAS_NONE = Kernel::AXES == 0> struct LineReader {
    typedef typename Kernel::Number Number;

    const Row<Kernel> &row;
    const Lines lines;
    u64 column;
    Number of_run[Kernel::AXES + 1];

    __device__ __forceinline__ LineReader(const Row<Kernel> &row, u64 place) : row(row), lines(row.lines())
    {
        column = place % lines.run();
        read_run(place);
    }

    // The smallest number of the outer lines of a place, for all of its run.
    __device__ __forceinline__ void read_run(u64 place)
    {
#pragma unroll
        for (int field = 0; field < Kernel::AXES; ++field) of_run[field] = (Number)double_of(0x7FF0000000000000ull);
        for (u64 i = 0; i < lines.outer(); ++i) {
            const Axis axis = lines.axis(i);
            const u64 line = axis.first + place / axis.stride % axis.length;
#pragma unroll
            for (int field = 0; field < Kernel::AXES; ++field) {
                of_run[field] = smaller(of_run[field], row.axis(field)[line]);
            }
        }
    }

    __device__ __forceinline__ void read(u64 place, Element<Kernel> &element)
    {
#pragma unroll
        for (int field = 0; field < Kernel::AXES; ++field) {
            element.axes[field] = lines.has_inner()
                ? smaller(of_run[field], row.axis(field)[lines.inner() + column])
                : of_run[field];
        }
        if (++column == lines.run()) {
            column = 0;
            read_run(place + 1);
        }
    }
};

// Nothing is read where nothing is kept.
template <class Kernel> struct LineReader<Kernel, true> {
    __device__ __forceinline__ LineReader(const Row<Kernel> &, u64) {}
    __device__ __forceinline__ void read(u64, Element<Kernel> &) {}
};

// Reads all that a rule sees of an element.
template <class Kernel>
static __device__ __forceinline__ void read_element(Element<Kernel> &element, const Row<Kernel> &row, u64 place)
{
    element.gradient = Kernel::Gradient::widen(row.gradient()[place]);
    read_parameter(element, row, place);
    element.first_element = place == 0 ? 1 : 0;
    read_state(element, row, place);
    LineReader<Kernel>(row, place).read(place, element);
}

} // namespace gradus
