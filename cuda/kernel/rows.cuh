// Gradients of a few rows: rows are copied out of a tensor and back, and what comes several times is added.
//
// Threads    a block of LANES threads for LEAF elements of the rows, as they stand one behind the other
// Memory     each element is read once and written once; neighbouring threads touch neighbours within a row
// Barriers   none
// Results    the entries of a row are added one after the other, in their order, and rounded once
//
//   word of the job   0  elements in a row
//                     1  a tensor
//                     2  some of its rows, one behind the other
//
// The indices are, one list behind the other: the rows, each once; where the entries of each begin, and where those of
// the last one end; the place of each entry among the values of the gradient.

namespace gradus {

// The elements of a block.
struct Walk {
    struct Spot {
        u64 row, column;
    };

    u64 begin, end, width;
    Spot first;

    __device__ __forceinline__ Walk(u64 rows, u64 width)
        : begin((u64)blockIdx.x * LEAF), end(rows * width), width(width), first{begin / width, begin % width}
    {
        if (begin + LEAF < end) end = begin + LEAF;
    }

    // Where an element belongs. Within a block a division in 32 bits suffices: a longer row ends once at most.
    __device__ __forceinline__ Spot at(u64 place) const
    {
        const u64 column = first.column + (place - begin);
        const u64 rows = width > LEAF ? (column >= width ? 1 : 0) : (u32)column / (u32)width;
        return {first.row + rows, column - rows * width};
    }
};

template <class Format>
static __device__ __forceinline__ void gather(const u64 *job, u64 rows, const u64 *indices)
{
    typedef typename Format::Memory Memory;
    const Memory *tensor = reinterpret_cast<const Memory *>(job[1]);
    Memory *into = reinterpret_cast<Memory *>(job[2]);
    const Walk walk(rows, job[0]);
    for (u64 place = walk.begin + threadIdx.x; place < walk.end; place += LANES) {
        const Walk::Spot spot = walk.at(place);
        into[place] = tensor[indices[spot.row] * walk.width + spot.column];
    }
}

template <class Format>
static __device__ __forceinline__ void scatter(const u64 *job, u64 rows, const u64 *indices)
{
    typedef typename Format::Memory Memory;
    Memory *tensor = reinterpret_cast<Memory *>(job[1]);
    const Memory *from = reinterpret_cast<const Memory *>(job[2]);
    const Walk walk(rows, job[0]);
    for (u64 place = walk.begin + threadIdx.x; place < walk.end; place += LANES) {
        const Walk::Spot spot = walk.at(place);
        tensor[indices[spot.row] * walk.width + spot.column] = from[place];
    }
}

// A row that comes once is copied.
template <class Format>
static __device__ __forceinline__ void sum(const u64 *job, u64 rows, const u64 *indices)
{
    typedef typename Format::Memory Memory;
    const Memory *values = reinterpret_cast<const Memory *>(job[1]);
    Memory *into = reinterpret_cast<Memory *>(job[2]);
    const u64 *begins = indices + rows, *places = begins + rows + 1;
    const Walk walk(rows, job[0]);
    for (u64 place = walk.begin + threadIdx.x; place < walk.end; place += LANES) {
        const Walk::Spot spot = walk.at(place);
        const u64 begin = begins[spot.row], end = begins[spot.row + 1];
        const Memory first = values[places[begin] * walk.width + spot.column];
        if (end - begin == 1) {
            into[place] = first;
            continue;
        }
        auto sum = Format::widen(first);
        for (u64 entry = begin + 1; entry < end; ++entry) {
            sum = sum + Format::widen(values[places[entry] * walk.width + spot.column]);
        }
        into[place] = Format::round(sum);
    }
}

} // namespace gradus
