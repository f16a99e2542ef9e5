#include "http/chunked_decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tierce::http {
namespace {

using std::string_literals::operator""s;
using Outcome = ChunkedDecoder::Outcome;

struct Decoded {
  Outcome outcome = Outcome::kNeedMore;
  std::optional<ChunkError> error;
  std::string data;
  std::size_t consumed = 0;
  bool operator==(const Decoded&) const = default;
};

// Feeds pieces that end at `ends`, each in memory of its own and of its exact size.
Decoded decode_in_pieces(const std::string& bytes, const std::vector<std::size_t>& ends) {
  ChunkedDecoder decoder;
  Decoded decoded;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const std::size_t length = end - begin;
    const auto copy = std::make_unique<char[]>(length);
    bytes.copy(copy.get(), length, begin);
    begin = end;
    std::string_view left(copy.get(), length);
    do {
      const ChunkedDecoder::Step step = decoder.next(left);
      decoded.outcome = step.outcome;
      decoded.consumed += step.consumed;
      decoded.data += step.data;
      left.remove_prefix(step.consumed);
      if (step.outcome == Outcome::kRefused) decoded.error = decoder.error();
      if (step.outcome == Outcome::kDone || step.outcome == Outcome::kRefused) return decoded;
      EXPECT_EQ(step.outcome == Outcome::kData, !step.data.empty());
    } while (decoded.outcome == Outcome::kData);
    EXPECT_TRUE(left.empty());
  }
  return decoded;
}

// Whole, split in two at every position, and byte by byte: all must agree.
Decoded decode(const std::string& bytes) {
  Decoded whole = decode_in_pieces(bytes, {bytes.size()});
  std::vector<std::size_t> each;
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    if (bytes.size() < 3000) {
      EXPECT_EQ(decode_in_pieces(bytes, {i, bytes.size()}), whole) << "split at " << i << " of " << bytes;
    }
    each.push_back(i);
  }
  EXPECT_EQ(decode_in_pieces(bytes, each), whole) << "byte by byte: " << bytes;
  return whole;
}

struct Refusal {
  std::string bytes;
  ChunkError want;
};

void expect_refused(const std::vector<Refusal>& cases) {
  for (const Refusal& c : cases) {
    const Decoded decoded = decode(c.bytes);
    ASSERT_EQ(decoded.outcome, Outcome::kRefused) << c.bytes;
    EXPECT_EQ(*decoded.error, c.want) << c.bytes << "\ngot: " << describe(*decoded.error);
  }
}

}  // namespace

TEST(ChunkedDecoder, PutsTheBodyTogetherAndLeavesTheNextRequest) {
  const std::string body = "5\r\nhello\r\n00A;x=\"y\";z\r\n\r\n0\r\n\r\nabc\r\n0\r\nExpires: never\r\n\r\n";
  const Decoded got = decode(body + "GET / HTTP/1.1\r\n");
  EXPECT_EQ(got.outcome, Outcome::kDone);
  EXPECT_EQ(got.data, "hello\r\n0\r\n\r\nabc");
  EXPECT_EQ(got.consumed, body.size());
}

TEST(ChunkedDecoder, AnEmptyBodyIsOneLastChunk) {
  for (const char* body : {"0\r\n\r\n", "0000000000000000\r\n\r\n", "0;a\r\n\r\n"}) {
    const Decoded got = decode(body);
    EXPECT_EQ(got.outcome, Outcome::kDone) << body;
    EXPECT_EQ(got.data, "");
  }
}

TEST(ChunkedDecoder, IsNotDoneBeforeTheLastLineEnd) {
  const std::string body = "1\r\na\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t i = 0; i < body.size(); ++i) {
    EXPECT_EQ(decode(body.substr(0, i)).outcome == Outcome::kDone, false) << i;
    EXPECT_NE(decode(body.substr(0, i)).outcome, Outcome::kRefused) << i;
  }
  EXPECT_EQ(decode("0\r\n").outcome, Outcome::kNeedMore);
}

TEST(ChunkedDecoder, RefusesSizesThatAnotherServerMightReadDifferently) {
  for (const char* size : {"0x5", "+5", "-5", "5_0", " 5", "5 ", "\t5", "5\t", "", "g", "5,", "5 ;a", "5\x0b", "\"5\"",
                           "00000000000000005", "00000000000000000", "5h", "\xef\xbc\x95"}) {
    expect_refused({{size + "\r\nhello\r\n0\r\n\r\n"s, ChunkError::kBadSize}});
  }
  expect_refused({{"5\0\r\nhello\r\n"s, ChunkError::kBadSize},
                  {";a\r\n", ChunkError::kBadSize},
                  {std::string(100, '0'), ChunkError::kBadSize},
                  {"FFFFFFFFFFFFFFED\r\n", ChunkError::kSizeTooLarge},
                  {"FFFFFFFFFFFFFFFFF\r\n", ChunkError::kSizeTooLarge},
                  {"8000000000000000\r\n", ChunkError::kSizeTooLarge}});
  EXPECT_EQ(decode("7fffffffffffffff\r\nabc").data, "abc");
  EXPECT_EQ(decode("0000000000000005\r\nhello\r\n").data, "hello");
}

TEST(ChunkedDecoder, EndsLinesWithCrLfAndNothingElse) {
  expect_refused({{"5\nhello\r\n", ChunkError::kBadLineEnd},
                  {"\n", ChunkError::kBadLineEnd},
                  {"5\rhello\r\n", ChunkError::kBadLineEnd},
                  {"5;a\nhello\r\n", ChunkError::kBadLineEnd},
                  {"5;a\rb\r\nhello\r\n", ChunkError::kBadLineEnd},
                  {"5;a=\"\n\"\r\nhello\r\n", ChunkError::kBadLineEnd},
                  {"5\r\nhelloXX0\r\n\r\n", ChunkError::kBadLineEnd},
                  {"5\r\nhello\n0\r\n\r\n", ChunkError::kBadLineEnd},
                  {"5\r\nhello\r0\r\n\r\n", ChunkError::kBadLineEnd},
                  {"5\r\nhello0\r\n\r\n", ChunkError::kBadLineEnd},
                  {"5\r\nhello!\r\n", ChunkError::kBadLineEnd},
                  {"4\r\nhello\r\n", ChunkError::kBadLineEnd},
                  {"0\r\n\n", ChunkError::kBadLineEnd},
                  {"0\r\n\rX", ChunkError::kBadLineEnd},
                  {"0\r\nA: b\n\r\n", ChunkError::kBadLineEnd},
                  {"0\r\nA: b\rC: d\r\n\r\n", ChunkError::kBadLineEnd},
                  {"0\r\nA\n", ChunkError::kBadLineEnd}});
}

TEST(ChunkedDecoder, BoundsExtensionsByLineAndByBody) {
  EXPECT_EQ(decode("1;" + std::string(4095, 'x') + "\r\na").data, "a");
  expect_refused({{"1;" + std::string(4096, 'x'), ChunkError::kExtensionTooLong},
                  {"1;a\x07\r\n", ChunkError::kBadExtension},
                  {"1;a\x7f\r\n", ChunkError::kBadExtension},
                  {"1;a\0\r\n"s, ChunkError::kBadExtension}});
  std::string body;
  for (int i = 0; i < 16; ++i) body += "1;" + std::string(4095, 'x') + "\r\na\r\n";
  EXPECT_EQ(decode(body + "1\r\nb\r\n").data, std::string(16, 'a') + "b");
  expect_refused({{body + "1;", ChunkError::kExtensionTooLong}});
}

TEST(ChunkedDecoder, ChecksTrailersAndDropsThem) {
  const std::string last = "0\r\n";
  const Decoded got =
      decode("1\r\na\r\n" + last +
             "Content-Length: 5\r\nHost: h\r\nTransfer-Encoding: chunked\r\nA:\r\nB: \t\xff\r\n\r\nrest");
  EXPECT_EQ(got.outcome, Outcome::kDone);
  EXPECT_EQ(got.data, "a");
  expect_refused({{last + ": x\r\n\r\n", ChunkError::kBadTrailer},
                  {last + "A\r\n\r\n", ChunkError::kBadTrailer},
                  {last + "A : b\r\n\r\n", ChunkError::kBadTrailer},
                  {last + " A: b\r\n\r\n", ChunkError::kBadTrailer},
                  {last + "A: b\r\n c\r\n\r\n", ChunkError::kBadTrailer},
                  {last + "A\x85: b\r\n\r\n", ChunkError::kBadTrailer},
                  {last + "A: b\x07\r\n\r\n", ChunkError::kBadTrailer},
                  {last + "A: \0\r\n\r\n"s, ChunkError::kBadTrailer},
                  {last + "GET / HTTP/1.1\r\n\r\n", ChunkError::kBadTrailer}});
}

TEST(ChunkedDecoder, BoundsTrailersThatNeverEnd) {
  const std::string line = "A: " + std::string(1019, 'x') + "\r\n";
  ASSERT_EQ(line.size(), 1024u);
  std::string body = "0\r\n";
  for (int i = 0; i < 16; ++i) body += line;
  EXPECT_EQ(decode(body + "\r\n").outcome, Outcome::kDone);
  expect_refused({{body + "A", ChunkError::kTrailersTooLong},
                  {"0\r\n" + std::string(16 * 1024 + 1, 'A'), ChunkError::kTrailersTooLong},
                  {"0\r\nA:" + std::string(std::size_t{16} * 1024, ' '), ChunkError::kTrailersTooLong}});
}

TEST(ChunkedDecoder, StaysDoneAndStaysRefusedUntilReset) {
  ChunkedDecoder decoder;
  EXPECT_EQ(decoder.next("0\r\n\r\n5\r\n").outcome, Outcome::kDone);
  const ChunkedDecoder::Step again = decoder.next("5\r\nhello");
  EXPECT_EQ(again.outcome, Outcome::kDone);
  EXPECT_EQ(again.consumed, 0u);
  decoder.reset();
  EXPECT_EQ(decoder.next("x").outcome, Outcome::kRefused);
  EXPECT_EQ(decoder.next("5\r\nhello").outcome, Outcome::kRefused);
  decoder.reset();
  EXPECT_EQ(decoder.next("5\r\nhello").data, "hello");
}

}  // namespace tierce::http
