// What becomes of a body on its way out: compressed as the client likes it, or expanded for one that does not.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "config/nginx/location_settings.h"
#include "nginx/body_coder.h"
#include "nginx/gzip_pool.h"
#include "nginx/gzip_rules.h"
#include "nginx/small_files.h"
#include "nginx/type_set.h"

namespace tierce::nginx {

namespace conf = config::nginx;
class Client;
class Request;

// One body.
class BodyFilter {
 public:
  // `coding` and `level`: what it packs by, "" when it expands.
  BodyFilter(GzipPool& pool, GzipPool::Lease lease, std::string_view coding = {}, int level = 0)
      : pool_(pool), lease_(std::move(lease)), coding_(coding), level_(level) {}
  ~BodyFilter();
  BodyFilter(const BodyFilter&) = delete;
  BodyFilter& operator=(const BodyFilter&) = delete;
  // False: what was written is damaged (gunzip), the response cannot go on.
  bool write(Client& client, std::string_view bytes, Flush how);
  // All of a file that is in memory, which is packed once for everybody. Nothing but the end may follow.
  bool write_all(Client& client, SmallFiles& files, SmallFile& file);
  bool packs() const { return !coding_.empty(); }
  // How many times larger it was than it is now; 0: nothing has come out.
  double ratio() const {
    return out_bytes_ == 0 ? 0 : static_cast<double>(in_bytes_) / static_cast<double>(out_bytes_);
  }

 private:
  GzipPool& pool_;
  GzipPool::Lease lease_;
  std::string_view coding_;
  int level_;
  bool ended_ = false;
  std::string out_;
  std::uint64_t in_bytes_ = 0, out_bytes_ = 0;
};

// What was prepared of the settings of each location, and packers that wait. Of one thread.
class BodyFilters {
 public:
  // Decides by the settings, the request and the head of the response; changes that head. nullptr: nothing is done.
  std::unique_ptr<BodyFilter> choose(Request& request);
  // Whether the client may have a file that was packed by gzip.
  bool takes_gzip(Request& request);

 private:
  struct Prepared {
    GzipRules rules;
    TypeSet gzip, brotli, zstd;
  };
  Prepared& prepared(const conf::LocationSettings& settings);
  bool allows_gzip(Request& request);
  std::unique_ptr<BodyFilter> pack(Request& request, std::string_view coding, GzipPool::Lease lease, int level);

  std::unordered_map<const conf::LocationSettings*, std::unique_ptr<Prepared>> prepared_;
  GzipPool pool_;
};

}  // namespace tierce::nginx
