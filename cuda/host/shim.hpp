// CUDA C for a host compiler: what kernels need of the language, so that their very text runs without a GPU.
//
// The threads of a block are coroutines of one thread of the host. Each runs until a barrier, then the next
// one; when all have arrived, they go on in the opposite order. So a run is the same every time, what a kernel
// reads without a barrier that another thread writes is wrong in one of the two orders, and a barrier that not
// all threads reach is noticed. What this cannot show is how fast a kernel is, and atomics, which kernels do
// not use.
//
// Compile with -ffp-contract=off: the host must not fuse products and sums either.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ucontext.h>
#include <vector>

#define __device__
#define __global__
#define __shared__ static
#define __forceinline__ inline
#define __launch_bounds__(threads)

struct Index {
    unsigned x, y, z;
};

static Index threadIdx, blockIdx, blockDim, gridDim;

struct alignas(16) uint4 {
    unsigned x, y, z, w;
};

static inline void __stwb(uint4 *into, uint4 words) { *into = words; }

template <class To, class From> static inline To same_bits(From from)
{
    static_assert(sizeof(To) == sizeof(From), "as many bits");
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

static inline unsigned __float_as_uint(float x) { return same_bits<unsigned>(x); }
static inline float __uint_as_float(unsigned bits) { return same_bits<float>(bits); }
static inline long long __double_as_longlong(double x) { return same_bits<long long>(x); }
static inline double __longlong_as_double(long long bits) { return same_bits<double>(bits); }
static inline float __fsqrt_rn(float x) { return __builtin_sqrtf(x); }
static inline double __dsqrt_rn(double x) { return __builtin_sqrt(x); }

namespace host {

enum { THREADS = 256, STACK = 1 << 16 };

typedef void (*Kernel)(const unsigned long long *, const unsigned *, unsigned long long, const void *);

struct Thread {
    ucontext_t context;
    bool is_done;
};

struct Launch {
    Kernel kernel;
    const unsigned long long *table;
    const unsigned *list;
    unsigned long long tensors;
    const void *constants;
};

static Thread threads[THREADS];
static char stacks[THREADS][STACK];
static ucontext_t scheduler;
static unsigned running;
static Launch launch;

static void run_thread()
{
    launch.kernel(launch.table, launch.list, launch.tensors, launch.constants);
    threads[running].is_done = true;
}

// One block: in rounds from barrier to barrier.
static void run_block()
{
    for (unsigned i = 0; i < THREADS; ++i) {
        threads[i].is_done = false;
        getcontext(&threads[i].context);
        threads[i].context.uc_stack.ss_sp = stacks[i];
        threads[i].context.uc_stack.ss_size = STACK;
        threads[i].context.uc_link = &scheduler;
        makecontext(&threads[i].context, run_thread, 0);
    }
    for (unsigned round = 0, done = 0; done < THREADS; ++round) {
        done = 0;
        for (unsigned i = 0; i < THREADS; ++i) {
            running = round % 2 == 0 ? i : THREADS - 1 - i;
            threadIdx.x = running;
            swapcontext(&scheduler, &threads[running].context);
            done += threads[running].is_done;
        }
        if (done != 0 && done != THREADS) {
            std::fprintf(stderr, "%u of %u threads have not reached a barrier\n", done, (unsigned)THREADS);
            std::exit(2);
        }
    }
}

static void run(const Launch &what, unsigned blocks)
{
    launch = what;
    blockDim.x = THREADS;
    gridDim.x = blocks;
    for (blockIdx.x = 0; blockIdx.x < blocks; ++blockIdx.x) run_block();
}

} // namespace host

static inline void __syncthreads() { swapcontext(&host::threads[host::running].context, &host::scheduler); }
