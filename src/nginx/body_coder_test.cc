#include "nginx/body_coder.h"

#include <brotli/decode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "nginx/gzip_pool.h"

namespace tierce::nginx {
namespace {

std::string sample(std::size_t bytes) {
  std::string text;
  for (unsigned i = 0; text.size() < bytes; ++i)
    text += "{\"id\": " + std::to_string(i * 2654435761U) + ", \"x\": null}\n";
  text.resize(bytes);
  return text;
}

std::string coded(BodyCoder& coder, std::string_view text, std::size_t step, Flush between = Flush::kNone) {
  std::string out = "in front ";
  for (; text.size() > step; text.remove_prefix(step)) EXPECT_TRUE(coder.add(text.substr(0, step), between, out));
  EXPECT_TRUE(coder.add(text, Flush::kFinish, out));
  EXPECT_TRUE(out.starts_with("in front "));
  return out.substr(9);
}

std::string gunzipped(std::string_view packed, std::size_t step) {
  const auto decoder = make_gunzip_decoder();
  return coded(*decoder, packed, step);
}

std::string unbrotlied(const std::string& packed) {
  std::string text(1'000'000, '\0');
  std::size_t bytes = text.size();
  EXPECT_EQ(BrotliDecoderDecompress(packed.size(), reinterpret_cast<const std::uint8_t*>(packed.data()), &bytes,
                                    reinterpret_cast<std::uint8_t*>(text.data())),
            BROTLI_DECODER_RESULT_SUCCESS);
  text.resize(bytes);
  return text;
}

std::string unzstded(const std::string& packed) {
  std::string text(1'000'000, '\0');
  const std::size_t bytes = ZSTD_decompress(text.data(), text.size(), packed.data(), packed.size());
  EXPECT_FALSE(ZSTD_isError(bytes));
  text.resize(ZSTD_isError(bytes) ? 0 : bytes);
  return text;
}

TEST(BodyCoder, WhatWasPackedComesOutAgain) {
  for (const std::size_t bytes : {0, 1, 20, 5000, 200'000}) {
    const std::string text = sample(bytes);
    for (const std::size_t step : {7, 4096, 1'000'000}) {
      for (const Flush between : {Flush::kNone, Flush::kSync}) {
        if (step == 7 && bytes > 5000) continue;
        const auto gzip = make_gzip_encoder(kGzipLevel, gzip_memory_for(bytes));
        EXPECT_EQ(gunzipped(coded(*gzip, text, step, between), step), text) << bytes << " by " << step;
        const auto brotli = make_brotli_encoder(5, 524'288, bytes);
        EXPECT_EQ(unbrotlied(coded(*brotli, text, step, between)), text) << bytes << " by " << step;
        const auto zstd = make_zstd_encoder(3);
        EXPECT_EQ(unzstded(coded(*zstd, text, step, between)), text) << bytes << " by " << step;
      }
    }
  }
}

TEST(BodyCoder, EveryLevelPacks) {
  const std::string text = sample(50'000);
  for (int level = 1; level <= 9; ++level) {
    const std::string packed = coded(*make_gzip_encoder(level, {}), text, 4096);
    EXPECT_LT(packed.size(), text.size() / 2);
    EXPECT_EQ(gunzipped(packed, 100), text);
  }
  for (int level = 0; level <= 11; ++level)
    EXPECT_EQ(unbrotlied(coded(*make_brotli_encoder(level, 1 << 24, std::nullopt), text, 4096)), text);
  for (int level = 1; level <= 22; ++level) EXPECT_EQ(unzstded(coded(*make_zstd_encoder(level), text, 4096)), text);
}

TEST(BodyCoder, TheHeaderIsNginxs) {
  const std::string packed = coded(*make_gzip_encoder(kGzipLevel, gzip_memory_for(5000)), sample(5000), 5000);
  // No time, "fastest" of level 1, Unix.
  EXPECT_EQ(packed.substr(0, 10), std::string("\x1f\x8b\x08\0\0\0\0\0\x04\x03", 10));
}

TEST(BodyCoder, ASyncFlushCanBeRead) {
  const auto encoder = make_gzip_encoder(kGzipLevel, {});
  const auto decoder = make_gunzip_decoder();
  std::string packed, text;
  ASSERT_TRUE(encoder->add("first event\n", Flush::kSync, packed));
  ASSERT_TRUE(decoder->add(packed, Flush::kNone, text));
  EXPECT_EQ(text, "first event\n");
  // Nothing new: nothing needs to be sent, and nothing fails.
  packed.clear();
  EXPECT_TRUE(encoder->add("", Flush::kSync, packed));
}

TEST(BodyCoder, AKnownLengthTakesASmallWindow) {
  EXPECT_EQ(gzip_memory_for(std::nullopt).window_bits, 15);
  EXPECT_EQ(gzip_memory_for(0).window_bits, 15);
  EXPECT_EQ(gzip_memory_for(1'000'000'000'000).window_bits, 15);
  EXPECT_EQ(gzip_memory_for(16'122).window_bits, 15);  // 16384 - 262
  EXPECT_EQ(gzip_memory_for(16'121).window_bits, 14);
  EXPECT_EQ(gzip_memory_for(16'121).level, 7);
  EXPECT_EQ(gzip_memory_for(20).window_bits, 9);
  EXPECT_EQ(gzip_memory_for(20).level, 2);
}

TEST(BodyCoder, MembersOneBehindTheOtherAreOneBody) {
  const std::string two = coded(*make_gzip_encoder(1, {}), "one ", 100) + coded(*make_gzip_encoder(9, {}), "two", 100);
  for (const std::size_t step : {1, 3, 1000}) EXPECT_EQ(gunzipped(two, step), "one two");
}

TEST(BodyCoder, DamagedInputIsNoBody) {
  std::string packed = coded(*make_gzip_encoder(1, {}), sample(5000), 5000);
  std::string text;
  EXPECT_FALSE(make_gunzip_decoder()->add("not packed at all", Flush::kNone, text));
  EXPECT_FALSE(make_gunzip_decoder()->add(packed.substr(0, packed.size() - 1), Flush::kFinish, text));
  EXPECT_FALSE(make_gunzip_decoder()->add("", Flush::kFinish, text));
  packed[packed.size() - 8] ^= 1;  // The checksum.
  EXPECT_FALSE(make_gunzip_decoder()->add(packed, Flush::kFinish, text));
}

TEST(BodyCoder, ThePoolHandsOutEncodersAsNew) {
  GzipPool pool;
  const std::string text = sample(50'000);
  const std::string want = coded(*make_gzip_encoder(1, {}), text, 4096);
  GzipPool::Lease broken_off = pool.take(1, 50'000);
  std::string out;
  ASSERT_TRUE(broken_off.coder->add("the client has gone", Flush::kNone, out));
  const BodyCoder* which = broken_off.coder.get();
  pool.give_back(std::move(broken_off));
  const GzipPool::Lease other = pool.take(1, 100);  // Another window.
  EXPECT_NE(other.coder.get(), which);
  const GzipPool::Lease again = pool.take(1, 50'000);
  EXPECT_EQ(again.coder.get(), which);
  EXPECT_EQ(coded(*again.coder, text, 4096), want);
}

}  // namespace
}  // namespace tierce::nginx
