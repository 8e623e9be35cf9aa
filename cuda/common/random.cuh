// Random bits by counter: Philox 4x32 with ten rounds, and which bits an element gets.
//
// `src/random.rs` is the definition. A block of 128 bits serves eight neighbouring elements with 16 bits
// each; element e of stream s takes those in place (e mod 8) xor (s mod 8) of base s / 8.

namespace gradus {

struct Block {
    u32 words[4];
};

static __device__ __forceinline__ Block philox(u32 x0, u32 x1, u32 x2, u32 x3, u64 seed)
{
    u32 key0 = (u32)seed, key1 = (u32)(seed >> 32);
#pragma unroll
    for (int round = 0; round < 10; ++round) {
        const u64 first = (u64)x0 * 0xD2511F53u, second = (u64)x2 * 0xCD9E8D57u;
        x0 = (u32)(second >> 32) ^ x1 ^ key0;
        x1 = (u32)second;
        x2 = (u32)(first >> 32) ^ x3 ^ key1;
        x3 = (u32)first;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    const Block block = {{x0, x1, x2, x3}};
    return block;
}

// The bits of eight elements in the streams of a base. `noise`: the tensor below, its gradient above.
static __device__ __forceinline__ Block draw(u64 seed, u64 noise, u32 base, u64 first_element)
{
    const u64 block = first_element / 8;
    const u32 high = ((u32)(block >> 32) & 0xFFFFu) | base << 16;
    return philox((u32)block, high, (u32)(noise >> 32), (u32)noise, seed);
}

// The 32 bits of one of the eight elements in a stream: its own sixteen above those of a neighbour.
static __device__ __forceinline__ u32 word(const Block &block, u32 stream, u32 element)
{
    const u32 place = element ^ (stream & 7u);
    const u32 pair = block.words[place >> 1];
    return place & 1u ? pair : pair << 16 | pair >> 16;
}

} // namespace gradus
