// NVRTC in name: the host's compiler makes a shared object of a source and of `cuda/host/shim.hpp`, and its path is
// what has been compiled. FAKE_NVRTC_FOLDER is where shared objects go, FAKE_NVRTC_SHIM is the shim.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

enum { SUCCESS = 0, COMPILATION = 6 };

struct Program {
    std::string source, path, log;
};

static std::string contents(const std::string &path)
{
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// What the driver calls to run a kernel.
static const char RUN[] =
    "\nextern \"C\" void run_on_host(host::Kernel kernel, const unsigned long long *table, const unsigned *list,\n"
    "    unsigned long long tensors, const void *constants, unsigned blocks)\n"
    "{\n    host::run(host::Launch{kernel, table, list, tensors, constants}, blocks);\n}\n";

extern "C" {

int nvrtcVersion(int *major, int *minor)
{
    *major = std::getenv("FAKE_NVRTC_MAJOR") ? std::atoi(std::getenv("FAKE_NVRTC_MAJOR")) : 13;
    *minor = 0;
    return SUCCESS;
}

int nvrtcCreateProgram(Program **program, const char *source, const char *, int, const char **, const char **)
{
    *program = new Program{source, "", ""};
    return SUCCESS;
}

int nvrtcDestroyProgram(Program **program)
{
    delete *program;
    return SUCCESS;
}

int nvrtcCompileProgram(Program *program, int count, const char **options)
{
    bool is_exact = false, has_architecture = false;
    for (int i = 0; i < count; ++i) {
        is_exact |= std::string("--fmad=false") == options[i];
        has_architecture |= std::string("--gpu-architecture=sm_90") == options[i];
    }
    if (!is_exact || !has_architecture) {
        program->log = "products and sums would be fused, or for another architecture";
        return COMPILATION;
    }
    static int number = 0;
    const std::string folder = std::getenv("FAKE_NVRTC_FOLDER");
    const std::string base = folder + "/kernel_" + std::to_string(getpid()) + "_" + std::to_string(++number);
    std::ofstream(base + ".cpp") << contents(std::getenv("FAKE_NVRTC_SHIM")) << program->source << RUN;
    const char *compiler = std::getenv("CXX") ? std::getenv("CXX") : "c++";
    program->path = base + ".so";
    const std::string command = std::string(compiler)
        + " -std=c++17 -O1 -ffp-contract=off -fno-strict-aliasing -w -shared -fPIC -o " + program->path + " " + base
        + ".cpp 2> " + base + ".log";
    if (std::system(command.c_str()) == 0) return SUCCESS;
    program->log = contents(base + ".log");
    return COMPILATION;
}

int nvrtcGetCUBINSize(Program *program, size_t *size)
{
    *size = program->path.size() + 1;
    return SUCCESS;
}

int nvrtcGetCUBIN(Program *program, char *binary)
{
    std::memcpy(binary, program->path.c_str(), program->path.size() + 1);
    return SUCCESS;
}

int nvrtcGetProgramLogSize(Program *program, size_t *size)
{
    *size = program->log.size() + 1;
    return SUCCESS;
}

int nvrtcGetProgramLog(Program *program, char *log)
{
    std::memcpy(log, program->log.c_str(), program->log.size() + 1);
    return SUCCESS;
}
}
