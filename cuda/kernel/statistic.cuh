// Statistics: numbers about a whole tensor, folded in one fixed tree in double precision.
//
// Threads    measure: a block of LANES threads for each leaf, thread i adds elements i, i + LANES, ...
//            fold: a block for each tensor, a thread for each pair of leaves
//            finish: one thread for each tensor; in a joint statistic one block for all, whose first thread folds them
//            decide: one block, as a joint statistic, whose first thread leaves its numbers with the first tensor alone
// Memory     measure reads what the rule looks at, and writes 8 bytes per leaf
// Barriers   measure: after every halving of the lanes; fold: around every write, as pairs lie in each
//            other's way; a joint statistic: around every fold of as many tensors as there are threads
// Results    the tree is that of `src/cpu/reduce.rs`: lanes fold by halves, leaves in neighbouring pairs, one
//            without a neighbour moves up. The grid has no influence.

namespace gradus {

enum Fold { SUM, NORM, MEAN, MAXIMUM };

// What changes nothing when it is joined.
template <int FOLD> static __device__ __forceinline__ double neutral()
{
    return FOLD == MAXIMUM ? double_of(0xFFF0000000000000ull) : 0.0;
}

template <int FOLD> static __device__ __forceinline__ double join(double left, double right)
{
    return FOLD == MAXIMUM ? larger(left, right) : left + right;
}

// What of a value is joined.
template <int FOLD> static __device__ __forceinline__ double summand(double value)
{
    return FOLD == NORM ? value * value : value;
}

// What the fold of `count` summands becomes.
template <int FOLD> static __device__ __forceinline__ double folded(double result, u64 count)
{
    return FOLD == NORM ? square_root(result) : FOLD == MEAN ? result / (double)count : result;
}

template <class Kernel, class Pass>
static __device__ __forceinline__ void measure(const u64 *table, const u32 *list, const void *block_of_constants)
{
    __shared__ double lanes[LANES];
    const Row<Kernel> row(table, list[2 * blockIdx.x]);
    const Constants<Kernel> constants(row, block_of_constants);
    const u32 leaf = list[2 * blockIdx.x + 1], lane = threadIdx.x;
    const u64 begin = (u64)leaf * LEAF;
    const u64 end = begin + LEAF < row.length() ? begin + LEAF : row.length();

    double sum = neutral<Pass::FOLD>();
    for (u64 place = begin + lane; place < end; place += LANES) {
        Element<Kernel> element;
        read_element(element, row, place);
        sum = join<Pass::FOLD>(sum, summand<Pass::FOLD>(Pass::measure(constants.at, constants.tensor, element)));
    }

    lanes[lane] = sum;
    __syncthreads();
    for (u32 width = LANES / 2; width > 0; width /= 2) {
        if (lane < width) lanes[lane] = join<Pass::FOLD>(lanes[lane], lanes[lane + width]);
        __syncthreads();
    }
    if (lane == 0) row.leaves()[leaf] = lanes[0];
}

// Leaves the fold of a tensor in its first leaf. The list has a pair for each tensor.
template <class Kernel, class Pass> static __device__ __forceinline__ void fold(const u64 *table, const u32 *list)
{
    const Row<Kernel> row(table, list[2 * blockIdx.x]);
    double *leaves = row.leaves();
    for (u64 count = (row.length() + LEAF - 1) / LEAF; count > 1; count = (count + 1) / 2) {
        // What is written lies in front of what the next threads read.
        for (u64 first = 0; first < (count + 1) / 2; first += LANES) {
            const u64 pair = first + threadIdx.x;
            double joined = 0.0;
            if (2 * pair + 1 < count) {
                joined = join<Pass::FOLD>(leaves[2 * pair], leaves[2 * pair + 1]);
            } else if (2 * pair < count) {
                joined = leaves[2 * pair];
            }
            __syncthreads();
            if (2 * pair < count) leaves[pair] = joined;
            __syncthreads();
        }
    }
}

template <class Kernel, class Pass>
static __device__ __forceinline__ void finish_tensor(
    const Row<Kernel> &row, const void *block_of_constants, double result, u64 count)
{
    typedef typename Kernel::Number Number;
    const Constants<Kernel> constants(row, block_of_constants);
    const Number found = (Number)folded<Pass::FOLD>(result, count);
    Number into[Kernel::TENSOR + 1];
#pragma unroll
    for (int i = 0; i < Kernel::TENSOR; ++i) into[i] = constants.tensor[i];
    Pass::finish(constants.at, constants.tensor, found, (Number)(double)count, into);
#pragma unroll
    for (int i = 0; i < Kernel::TENSOR; ++i) *row.tensor(i) = into[i];
}

// The fold of all tensors in their order, and how many elements there are: for the first thread alone.
template <class Kernel, class Pass>
static __device__ __forceinline__ double joint(const u64 *table, const u32 *list, u64 tensors, u64 &count)
{
    __shared__ double results[LANES];
    __shared__ u64 lengths[LANES];
    const u32 lane = threadIdx.x;
    double result = neutral<Pass::FOLD>();
    count = 0;
    for (u64 first = 0; first < tensors; first += LANES) {
        const u64 left = tensors - first;
        if (lane < left) {
            const Row<Kernel> row(table, list[2 * (first + lane)]);
            results[lane] = row.leaves()[0];
            lengths[lane] = row.length();
        }
        __syncthreads();
        if (lane == 0) {
            for (u32 i = 0; i < LANES && i < left; ++i) {
                result = join<Pass::FOLD>(result, results[i]);
                count += lengths[i];
            }
        }
        __syncthreads();
    }
    return result;
}

// Turns what was folded into numbers of the tensors. A joint statistic joins them in their order; those that the list
// marks are another kernel's, which writes their numbers itself.
template <class Kernel, class Pass>
static __device__ __forceinline__ void finish(
    const u64 *table, const u32 *list, u64 tensors, const void *block_of_constants)
{
    if (is_left_out(block_of_constants)) return;
    if constexpr (!Pass::IS_JOINT) {
        if (threadIdx.x != 0) return;
        const Row<Kernel> row(table, list[2 * blockIdx.x]);
        finish_tensor<Kernel, Pass>(row, block_of_constants, row.leaves()[0], row.length());
    } else {
        __shared__ double joined;
        __shared__ u64 elements;
        u64 count;
        const double result = joint<Kernel, Pass>(table, list, tensors, count);
        if (threadIdx.x == 0) {
            joined = result;
            elements = count;
        }
        __syncthreads();
        for (u64 place = threadIdx.x; place < tensors; place += LANES) {
            if (list[2 * place + 1]) continue;
            finish_tensor<Kernel, Pass>(Row<Kernel>(table, list[2 * place]), block_of_constants, joined, elements);
        }
    }
}

// What a joint statistic makes of all tensors, where that belongs to none of them: all rows have the same constants, and
// the numbers of the first one are written.
template <class Kernel, class Pass>
static __device__ __forceinline__ void decide(
    const u64 *table, const u32 *list, u64 tensors, const void *block_of_constants)
{
    u64 count;
    const double result = joint<Kernel, Pass>(table, list, tensors, count);
    if (threadIdx.x != 0) return;
    finish_tensor<Kernel, Pass>(Row<Kernel>(table, list[0]), block_of_constants, result, count);
}

} // namespace gradus
