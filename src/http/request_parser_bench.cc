#include <benchmark/benchmark.h>

#include <string>

#include "http/request_parser.h"

namespace tierce::http {
namespace {

// What a browser sends for a page behind a login: eight fields, 500 bytes.
const std::string kTypical =
    "GET /shop/items/1234?page=2&sort=price HTTP/1.1\r\n"
    "Host: shop.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Referer: https://shop.example.com/shop/items\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; csrftoken=AbCdEfGhIjKlMnOpQrStUvWxYz012345\r\n"
    "\r\n";

const std::string kSmall = "GET / HTTP/1.1\r\nHost: localhost:8000\r\n\r\n";

void parse_whole(benchmark::State& state, const std::string& bytes) {
  const HeadLimits limits;
  HeaderField fields[100];
  RequestParser parser(limits, fields);
  for (auto _ : state) {
    parser.reset();
    benchmark::DoNotOptimize(parser.parse(bytes));
    benchmark::DoNotOptimize(parser.head().head_bytes);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}

void parse_in_two_reads(benchmark::State& state) {
  const HeadLimits limits;
  HeaderField fields[100];
  RequestParser parser(limits, fields);
  const std::string_view bytes = kTypical;
  for (auto _ : state) {
    parser.reset();
    benchmark::DoNotOptimize(parser.parse(bytes.substr(0, bytes.size() / 2)));
    benchmark::DoNotOptimize(parser.parse(bytes));
  }
}

BENCHMARK_CAPTURE(parse_whole, typical, kTypical);
BENCHMARK_CAPTURE(parse_whole, small, kSmall);
BENCHMARK(parse_in_two_reads);

}  // namespace
}  // namespace tierce::http
