// Runs launches that come in on the standard input, and sends what became of memory to the standard output.
//
// Everything is in 64-bit words of this machine, but for the contents of memory. A step:
//
//   buffers     their number; of each its bytes, then the contents
//   table       words per row, rows, then the words; pointers (from word 3 on) are the number of a buffer,
//               counted from 1, or 0
//   constants   bytes, then the contents
//   launches    their number; of each: number of the function, blocks, tensors, entries of the list, the list
//
// The answer is the contents of all buffers. Every third buffer is aligned to 8 bytes only, so that both ways
// to read and write are taken. Include this behind `functions`, a list of all kernels.

namespace host {

typedef unsigned long long Word;

static void read(void *into, size_t bytes)
{
    if (bytes != 0 && std::fread(into, 1, bytes, stdin) != bytes) std::exit(0);
}

static Word read_word()
{
    Word word;
    read(&word, sizeof word);
    return word;
}

// Memory on a border of 16 bytes, or `shift` bytes behind one.
struct Buffer {
    std::vector<char> memory;
    size_t bytes, shift;

    Buffer(size_t bytes, size_t shift) : memory(bytes + 32), bytes(bytes), shift(shift) {}
    char *data() { return memory.data() + (16 - (size_t)memory.data() % 16) + shift; }
};

static void step()
{
    std::vector<Buffer> buffers;
    const Word count = read_word();
    for (Word i = 0; i < count; ++i) {
        buffers.emplace_back(read_word(), i % 3 == 2 ? 8 : 0);
        read(buffers.back().data(), buffers.back().bytes);
    }

    const Word words = read_word(), rows = read_word();
    std::vector<Word> table(words * rows);
    read(table.data(), table.size() * sizeof(Word));
    for (Word i = 0; i < table.size(); ++i) {
        if (i % words >= 3 && table[i] != 0) table[i] = (Word)buffers[table[i] - 1].data();
    }
    Buffer constants(read_word(), 0);
    read(constants.data(), constants.bytes);

    const Word launches = read_word();
    for (Word i = 0; i < launches; ++i) {
        const Word function = read_word(), blocks = read_word(), tensors = read_word();
        std::vector<unsigned> list(read_word());
        read(list.data(), list.size() * sizeof(unsigned));
        const Launch what = {functions[function], table.data(), list.data(), tensors, constants.data()};
        run(what, (unsigned)blocks);
    }

    for (Buffer &buffer : buffers) std::fwrite(buffer.data(), 1, buffer.bytes, stdout);
    std::fflush(stdout);
}

} // namespace host

int main()
{
    for (;;) host::step();
}
