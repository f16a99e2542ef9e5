#include "nginx/body_filter.h"

#include "nginx/accept_encoding.h"
#include "nginx/client.h"
#include "nginx/request.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

constexpr std::int64_t kMinLength = 20;  // nginx's default.
constexpr std::uint64_t kBrotliWindow = 512u << 10u;
constexpr int kBrotliLevel = 6, kZstdLevel = 3;

std::optional<std::uint64_t> known_length(const Response& response) {
  if (response.content_length < 0) return std::nullopt;
  return static_cast<std::uint64_t>(response.content_length);
}

bool is_candidate(const conf::Compression& settings, const TypeSet& types, const Response& response) {
  if (!settings.on.value_or(false)) return false;
  const std::int64_t least = settings.min_length ? settings.min_length->bytes : kMinLength;
  if (response.content_length >= 0 && response.content_length < least) return false;
  return types.has(response.content_type);
}

// Once: gzip_static may have said it of the file.
void say_vary(Response& response) {
  if (response.from_file()) response.fields.remove("vary");
  response.fields.add("Vary", "Accept-Encoding");
}

// A range of what is sent now would be one of other bytes, also where an upstream has offered it.
void offer_no_ranges(Response& response) {
  response.ranges = false;
  response.fields.remove("accept-ranges");
}

}  // namespace

BodyFilter::~BodyFilter() { pool_.give_back(std::move(lease_)); }

bool BodyFilter::write_all(Client& client, SmallFiles& files, SmallFile& file) {
  ended_ = true;
  in_bytes_ = file.bytes.size();
  if (const std::string* ready = SmallFiles::packed(file, coding_, level_); ready != nullptr) {
    out_bytes_ = ready->size();
    client.write(*ready);
    return true;
  }
  out_.clear();
  if (!lease_.coder->add(file.bytes, Flush::kFinish, out_)) return false;
  out_bytes_ = out_.size();
  client.write(out_);
  files.keep_packed(file, coding_, level_, out_);
  return true;
}

bool BodyFilter::write(Client& client, std::string_view bytes, Flush how) {
  if (ended_) return true;
  out_.clear();
  in_bytes_ += bytes.size();
  const bool good = lease_.coder->add(bytes, how, out_);
  out_bytes_ += out_.size();
  client.write(out_);
  return good;
}

BodyFilters::Prepared& BodyFilters::prepared(const conf::LocationSettings& settings) {
  auto& place = prepared_[&settings];
  if (place == nullptr) {
    auto rules =
        GzipRules::make(settings.gzip_http_version.value_or("1.1"), settings.gzip_proxied, settings.gzip_disable);
    // The configuration has been checked: the expressions compile.
    if (!rules) rules = GzipRules::make("1.1", {}, {});
    place = std::make_unique<Prepared>(Prepared{std::move(*rules), TypeSet(settings.gzip.types),
                                                TypeSet(settings.brotli.types), TypeSet(settings.zstd.types)});
  }
  return *place;
}

bool BodyFilters::allows_gzip(Request& request) {
  const Response& response = request.response;
  const FieldList& fields = response.fields;
  GzipAnswer answer;
  if (const std::size_t i = fields.find("expires"); i != FieldList::kNotFound) answer.expires = fields.value(i);
  if (const std::size_t i = fields.find("date"); i != FieldList::kNotFound) answer.date = fields.value(i);
  for (std::size_t i = fields.find("cache-control"); i != FieldList::kNotFound; i = fields.find("cache-control", i + 1))
    answer.cache_control.push_back(fields.value(i));
  answer.last_modified = response.last_modified >= 0 || fields.find("last-modified") != FieldList::kNotFound;
  answer.etag = !response.etag.empty();
  const int version = request.client().is_http2() ? 20 : request.exchange().head().minor_version == 0 ? 10 : 11;
  return prepared(*request.settings)
      .rules.allow({.http_version = version,
                    .accept_encoding = request.field("accept-encoding"),
                    .user_agent = request.field("user-agent"),
                    .via = !request.field("via").empty(),
                    .authorization = !request.field("authorization").empty()},
                   answer, request.site.loop().wall());
}

bool BodyFilters::takes_gzip(Request& request) { return allows_gzip(request); }

std::unique_ptr<BodyFilter> BodyFilters::pack(Request& request, std::string_view coding, GzipPool::Lease lease,
                                              int level) {
  if (lease.coder == nullptr) return nullptr;
  Response& response = request.response;
  response.fields.add("Content-Encoding", coding);
  response.content_length = -1;
  offer_no_ranges(response);
  // The bytes are others now: a strong tag would promise that they are not.
  if (!response.etag.empty() && !response.etag.starts_with("W/")) response.etag.insert(0, "W/");
  return std::make_unique<BodyFilter>(pool_, std::move(lease), coding, level);
}

std::unique_ptr<BodyFilter> BodyFilters::choose(Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  const bool any = settings.gzip.on.value_or(false) || settings.brotli.on.value_or(false) ||
                   settings.zstd.on.value_or(false) || settings.gunzip.value_or(false);
  Response& response = request.response;
  if (!any || request.parent != nullptr) return nullptr;
  const std::string_view encoded = response.fields.get("content-encoding");
  if (!encoded.empty()) {
    if (!settings.gunzip.value_or(false) || !http::equals_ignoring_case(encoded, "gzip") || encoded.size() != 4)
      return nullptr;
    if (settings.gzip_vary.value_or(false)) say_vary(response);
    if (allows_gzip(request)) return nullptr;
    response.fields.remove("content-encoding");
    response.content_length = -1;
    offer_no_ranges(response);
    if (!response.etag.empty() && !response.etag.starts_with("W/")) response.etag.insert(0, "W/");
    return std::make_unique<BodyFilter>(pool_, GzipPool::Lease{make_gunzip_decoder(), 0, 0});
  }
  if (response.status != 200 && response.status != 403 && response.status != 404) return nullptr;
  const Prepared& types = prepared(settings);
  const std::string_view accepted = request.field("accept-encoding");
  const bool brotli = is_candidate(settings.brotli, types.brotli, response);
  const bool zstd = is_candidate(settings.zstd, types.zstd, response);
  const bool gzip = is_candidate(settings.gzip, types.gzip, response);
  // Caches must know that others would get other bytes, also of the answer that is not packed.
  if ((brotli || zstd || gzip) && settings.gzip_vary.value_or(false)) say_vary(response);
  if (brotli && accepts_coding(accepted, "br")) {
    const std::uint64_t window =
        settings.brotli.window ? static_cast<std::uint64_t>(settings.brotli.window->bytes) : kBrotliWindow;
    const int level = static_cast<int>(settings.brotli.level.value_or(kBrotliLevel));
    return pack(request, "br", {make_brotli_encoder(level, window, known_length(response)), 0, 0}, level);
  }
  if (zstd && accepts_coding(accepted, "zstd")) {
    const int level = static_cast<int>(settings.zstd.level.value_or(kZstdLevel));
    return pack(request, "zstd", {make_zstd_encoder(level), 0, 0}, level);
  }
  if (gzip && allows_gzip(request)) {
    const int level = static_cast<int>(settings.gzip.level.value_or(kGzipLevel));
    return pack(request, "gzip", pool_.take(level, known_length(response)), level);
  }
  return nullptr;
}

}  // namespace tierce::nginx
