// A CUDA driver without a GPU, as far as gradus asks for one: memory is the host's, a "binary" is the path of a shared
// object, and kernels run there as `cuda/host/shim.hpp` runs them.
//
// What is enqueued runs as late as it may: when the host waits, or when a thousand operations are waiting. So memory of
// the host that is written again too early, and a result that is read without waiting, are noticed.
//
// The file in FAKE_CUDA_CALLS gets the name of each call that the tests count. FAKE_CUDA_DEVICES says how many devices
// there are, FAKE_CUDA_VERSION which version, FAKE_CUDA_MEMORY how many bytes each has.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <dlfcn.h>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

typedef int Result;
typedef unsigned long long Pointer;

enum {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    NO_DEVICE = 100,
    INVALID_CONTEXT = 201,
    NOT_FOUND = 500,
    NOT_READY = 600,
    CAPTURE_UNSUPPORTED = 900
};

struct Event {
    bool is_recorded, is_done;
};

struct Module {
    void *library;
};

struct Function {
    Module *module;
    void *kernel;
};

static std::recursive_mutex mutex;
static std::deque<std::function<void()>> queue;
static std::map<Pointer, size_t> memory;
static std::map<char *, size_t> pinned;
static size_t used = 0;
static thread_local void *current = nullptr;
// What is captured in the place of being enqueued; and whether anything came that no capture takes.
static std::deque<std::function<void()>> *capture = nullptr;
static bool is_spoiled = false;

typedef std::lock_guard<std::recursive_mutex> Lock;

static long long number(const char *name, long long otherwise)
{
    const char *text = std::getenv(name);
    return text ? std::atoll(text) : otherwise;
}

static void note(const char *call)
{
    static FILE *file = std::getenv("FAKE_CUDA_CALLS") ? std::fopen(std::getenv("FAKE_CUDA_CALLS"), "a") : nullptr;
    if (!file) return;
    std::fprintf(file, "%s\n", call);
    std::fflush(file);
}

static void finish()
{
    while (!queue.empty()) {
        std::function<void()> next = queue.front();
        queue.pop_front();
        next();
    }
}

static void enqueue(std::function<void()> operation)
{
    if (capture) {
        capture->push_back(operation);
        return;
    }
    queue.push_back(operation);
    if (queue.size() > 1000) finish();
}

// Whether so many bytes lie within one allocation of the device.
static bool is_within(Pointer begin, size_t bytes)
{
    auto next = memory.upper_bound(begin);
    if (next == memory.begin()) return false;
    --next;
    return begin + bytes <= next->first + next->second;
}

static Result allocate(Pointer *into, size_t bytes)
{
    if (bytes == 0) return INVALID_VALUE;
    if (used + bytes > (size_t)number("FAKE_CUDA_MEMORY", 1ll << 40)) return OUT_OF_MEMORY;
    void *address = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
    std::memset(address, 0xCD, bytes);
    memory[(Pointer)address] = bytes;
    used += bytes;
    *into = (Pointer)address;
    return SUCCESS;
}

static Result release(Pointer address)
{
    auto found = memory.find(address);
    if (found == memory.end()) return INVALID_VALUE;
    used -= found->second;
    std::memset((void *)address, 0xCD, found->second);
    memory.erase(found);
    std::free((void *)address);
    return SUCCESS;
}

extern "C" {

Result cuInit(unsigned) { return number("FAKE_CUDA_DEVICES", 1) == 0 ? NO_DEVICE : SUCCESS; }

Result cuDriverGetVersion(int *version)
{
    *version = (int)number("FAKE_CUDA_VERSION", 13000);
    return SUCCESS;
}

Result cuDeviceGetCount(int *count)
{
    *count = (int)number("FAKE_CUDA_DEVICES", 1);
    return SUCCESS;
}

Result cuDeviceGet(int *device, int ordinal)
{
    *device = ordinal;
    return SUCCESS;
}

Result cuDeviceGetAttribute(int *value, int attribute, int)
{
    *value = attribute == 75 ? 9 : attribute == 76 ? 0 : attribute == 115 ? 1 : 0; // sm_90, with pools of memory
    return SUCCESS;
}

Result cuDevicePrimaryCtxRetain(void **context, int device)
{
    *context = (void *)(size_t)(0x1000 + device);
    return SUCCESS;
}

Result cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }

Result cuCtxGetCurrent(void **context)
{
    *context = current;
    return SUCCESS;
}

Result cuCtxSetCurrent(void *context)
{
    current = context;
    return SUCCESS;
}

Result cuCtxSynchronize()
{
    Lock lock(mutex);
    note("wait");
    finish();
    return SUCCESS;
}

Result cuMemAllocAsync(Pointer *into, size_t bytes, void *)
{
    Lock lock(mutex);
    note("allocate");
    if (!current) return INVALID_CONTEXT;
    is_spoiled |= capture != nullptr;
    return allocate(into, bytes);
}

Result cuMemFreeAsync(Pointer address, void *)
{
    Lock lock(mutex);
    enqueue([=] { release(address); });
    return SUCCESS;
}

Result cuMemHostAlloc(void **into, size_t bytes, unsigned)
{
    Lock lock(mutex);
    note("pin");
    char *address = (char *)std::malloc(bytes);
    pinned[address] = bytes;
    *into = address;
    return SUCCESS;
}

Result cuMemFreeHost(void *address)
{
    Lock lock(mutex);
    pinned.erase((char *)address);
    std::free(address);
    return SUCCESS;
}

Result cuMemsetD8Async(Pointer address, unsigned char value, size_t bytes, void *)
{
    Lock lock(mutex);
    if (!is_within(address, bytes)) return INVALID_VALUE;
    enqueue([=] { std::memset((void *)address, value, bytes); });
    return SUCCESS;
}

// Memory of the host that is not pinned is read at once; what is pinned, when the copy is due.
Result cuMemcpyHtoDAsync_v2(Pointer into, const void *from, size_t bytes, void *)
{
    Lock lock(mutex);
    note("send");
    if (!current) return INVALID_CONTEXT;
    is_spoiled |= capture != nullptr;
    if (!is_within(into, bytes)) return INVALID_VALUE;
    auto next = pinned.upper_bound((char *)from);
    const bool is_pinned = next != pinned.begin() && (char *)from < std::prev(next)->first + std::prev(next)->second;
    if (is_pinned) {
        enqueue([=] { std::memcpy((void *)into, from, bytes); });
    } else {
        std::vector<char> copy((const char *)from, (const char *)from + bytes);
        enqueue([=] { std::memcpy((void *)into, copy.data(), bytes); });
    }
    return SUCCESS;
}

Result cuMemcpyDtoHAsync_v2(void *into, Pointer from, size_t bytes, void *)
{
    Lock lock(mutex);
    note("fetch");
    if (!current) return INVALID_CONTEXT;
    is_spoiled |= capture != nullptr;
    if (!is_within(from, bytes)) return INVALID_VALUE;
    enqueue([=] { std::memcpy(into, (void *)from, bytes); });
    return SUCCESS;
}

Result cuMemcpyDtoDAsync_v2(Pointer into, Pointer from, size_t bytes, void *)
{
    Lock lock(mutex);
    note("copy");
    if (!is_within(into, bytes) || !is_within(from, bytes)) return INVALID_VALUE;
    enqueue([=] { std::memmove((void *)into, (void *)from, bytes); });
    return SUCCESS;
}

Result cuStreamCreate(void **stream, unsigned)
{
    static size_t streams = 0x100;
    *stream = (void *)++streams;
    return SUCCESS;
}

Result cuStreamDestroy_v2(void *) { return SUCCESS; }

Result cuStreamSynchronize(void *)
{
    Lock lock(mutex);
    note("wait");
    finish();
    return SUCCESS;
}

// All streams are one, so that each waits for all others.
Result cuStreamWaitEvent(void *, Event *, unsigned)
{
    Lock lock(mutex);
    is_spoiled |= capture != nullptr;
    return SUCCESS;
}

Result cuStreamBeginCapture_v2(void *, int)
{
    Lock lock(mutex);
    capture = new std::deque<std::function<void()>>();
    is_spoiled = false;
    return SUCCESS;
}

Result cuStreamEndCapture(void *, void **graph)
{
    Lock lock(mutex);
    *graph = capture;
    capture = nullptr;
    return is_spoiled ? CAPTURE_UNSUPPORTED : SUCCESS;
}

Result cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long)
{
    *executable = graph;
    return SUCCESS;
}

Result cuGraphLaunch(void *executable, void *)
{
    Lock lock(mutex);
    note("launch graph");
    for (const std::function<void()> &operation : *(std::deque<std::function<void()>> *)executable) enqueue(operation);
    return SUCCESS;
}

Result cuGraphExecDestroy(void *) { return SUCCESS; }

Result cuGraphDestroy(void *graph)
{
    Lock lock(mutex);
    finish();
    delete (std::deque<std::function<void()>> *)graph;
    return SUCCESS;
}

Result cuEventCreate(Event **event, unsigned)
{
    *event = new Event();
    return SUCCESS;
}

Result cuEventDestroy_v2(Event *event)
{
    Lock lock(mutex);
    enqueue([=] { delete event; });
    return SUCCESS;
}

Result cuEventRecord(Event *event, void *)
{
    Lock lock(mutex);
    event->is_recorded = true;
    event->is_done = false;
    enqueue([=] { event->is_done = true; });
    return SUCCESS;
}

Result cuEventQuery(Event *event)
{
    Lock lock(mutex);
    if (!current) return INVALID_CONTEXT;
    is_spoiled |= capture != nullptr;
    return event->is_recorded && !event->is_done ? NOT_READY : SUCCESS;
}

Result cuEventSynchronize(Event *event)
{
    Lock lock(mutex);
    if (!event->is_recorded || event->is_done) return SUCCESS;
    note("wait");
    finish();
    return SUCCESS;
}

Result cuModuleLoadData(Module **module, const void *binary)
{
    note("load");
    void *library = dlopen((const char *)binary, RTLD_NOW | RTLD_LOCAL);
    if (!library) return INVALID_VALUE;
    *module = new Module{library};
    return SUCCESS;
}

Result cuModuleUnload(Module *module)
{
    Lock lock(mutex);
    finish();
    delete module;
    return SUCCESS;
}

Result cuModuleGetFunction(Function **function, Module *module, const char *name)
{
    void *kernel = dlsym(module->library, name);
    if (!kernel) return NOT_FOUND;
    *function = new Function{module, kernel};
    return SUCCESS;
}

Result cuLaunchKernel(
    Function *function, unsigned blocks, unsigned, unsigned, unsigned threads, unsigned, unsigned, unsigned, void *,
    void **arguments, void **)
{
    typedef void (*Run)(void *, Pointer, Pointer, Pointer, Pointer, unsigned);
    Lock lock(mutex);
    note("launch");
    if (!current) return INVALID_CONTEXT;
    if (blocks == 0 || threads != 256) return INVALID_VALUE;
    Pointer values[4];
    for (int i = 0; i < 4; ++i) values[i] = *(Pointer *)arguments[i];
    const Run run = (Run)dlsym(function->module->library, "run_on_host");
    if (!run) return NOT_FOUND;
    enqueue([=] { run(function->kernel, values[0], values[1], values[2], values[3], blocks); });
    return SUCCESS;
}

Result cuGetErrorName(Result, const char **text)
{
    *text = "FAKE_ERROR";
    return SUCCESS;
}

Result cuGetErrorString(Result result, const char **text)
{
    *text = result == OUT_OF_MEMORY ? "out of memory" : result == INVALID_VALUE ? "invalid argument" : "an error";
    return SUCCESS;
}
}
