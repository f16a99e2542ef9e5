#include "edge/static_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "edge/file_response.h"

namespace tierce::edge {
namespace {

namespace fs = std::filesystem;
using config::StaticExpires;
using config::StaticMap;

class StaticFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "static_filesXXXXXX";
    base_ = ::mkdtemp(name.data());
    fs::create_directories(base_ / "static/css");
    fs::create_directories(base_ / "static-secret");
    write("static/css/site.css", "css");
    write("static/css/site.css.gz", "packed");
    write("static/index.html", "index");
    write("static/script.php", "php");
    write("static-secret/key", "secret");
    write("one.txt", "one");
    settings_.maps = {{"/static", base_ / "static"}, {"/favicon.ico", base_ / "one.txt"}};
  }
  void TearDown() override { fs::remove_all(base_); }

  void write(const std::string& path, const std::string& text) { std::ofstream(base_ / path) << text; }

  // The size and the fields of what is found.
  std::string found(std::string_view path, std::string_view accept = {}) {
    auto files = StaticFiles::create(settings_);
    EXPECT_TRUE(files.has_value());
    const auto file = files->find({.path = path, .target = path, .accept_encoding = accept, .now_ns = 1, .wall = 0});
    if (!file) return "none";
    return std::to_string(file->file.bytes) + " " + std::string(file->type) + " " + file->fields;
  }

  fs::path base_;
  config::StaticSettings settings_;
};

TEST_F(StaticFilesTest, MapsAPrefixToADirectory) {
  EXPECT_EQ(found("/static/css/site.css"), "3 text/css ");
  EXPECT_EQ(found("/static/css/../css/site.css"), "3 text/css ");
  EXPECT_EQ(found("/static/nothing"), "none");
  EXPECT_EQ(found("/other"), "none");
  EXPECT_EQ(found("/favicon.ico"), "3 text/plain ");
}

TEST_F(StaticFilesTest, StaysInTheDirectory) {
  // nginx's alias trap; uWSGI's CVE-2018-7490; a sibling with the same beginning.
  for (const char* path : {"/static../static-secret/key", "/static/../static-secret/key", "/static-secret/key",
                           "/static/..//static-secret/key", "/static/css/../../static-secret/key"}) {
    EXPECT_EQ(found(path), "none") << path;
  }
  EXPECT_EQ(found(std::string_view("/static/css/site.css\0.png", 25)), "none");
}

TEST_F(StaticFilesTest, LooksForAnIndexOnlyWhenToldTo) {
  EXPECT_EQ(found("/static/"), "none");
  settings_.index = {"default.html", "index.html"};
  EXPECT_EQ(found("/static/"), "5 text/html ");
  EXPECT_EQ(found("/static"), "5 text/html ");
  EXPECT_EQ(found("/static/css"), "none");
}

TEST_F(StaticFilesTest, SkipsEndings) {
  settings_.skipped_endings = {".php", ".html"};
  settings_.index = {"index.html"};
  EXPECT_EQ(found("/static/script.php"), "none");
  EXPECT_EQ(found("/static/"), "none");
}

TEST_F(StaticFilesTest, AppendsTheWholePath) {
  settings_.maps = {{"/static", base_.string(), StaticMap::Below::kWhole}};
  EXPECT_EQ(found("/static/css/site.css"), "3 text/css ");
  EXPECT_EQ(found("/one.txt"), "none");
}

TEST_F(StaticFilesTest, GivesThePackedFormToThoseWhoTakeIt) {
  settings_.packed_all = true;
  EXPECT_EQ(found("/static/css/site.css", "br, gzip"),
            "6 text/css Vary: Accept-Encoding\r\nContent-Encoding: gzip\r\n");
  EXPECT_EQ(found("/static/css/site.css", "gzip;q=0"), "3 text/css Vary: Accept-Encoding\r\n");
  settings_.packed_all = false;
  settings_.packed_endings = {".js"};
  EXPECT_EQ(found("/static/css/site.css", "gzip"), "3 text/css ");
}

TEST_F(StaticFilesTest, AddsExpires) {
  settings_.expires = {{StaticExpires::Of::kType, "text/css", 60}, {StaticExpires::Of::kPath, "^/favicon", 3600}};
  EXPECT_EQ(found("/static/css/site.css"), "3 text/css Expires: Thu, 01 Jan 1970 00:01:00 GMT\r\n");
  EXPECT_EQ(found("/favicon.ico"), "3 text/plain Expires: Thu, 01 Jan 1970 01:00:00 GMT\r\n");
}

TEST_F(StaticFilesTest, TheResponseHoldsSeveralRangesWithTheirTypes) {
  auto files = StaticFiles::create(settings_);
  auto file = files->find({.path = "/static/index.html"});
  ASSERT_TRUE(file.has_value());
  const auto response = make_file_response(std::move(file->file), file->type, {}, {.range = "bytes=0-0,-2"});
  EXPECT_EQ(response.status, 206);
  ASSERT_EQ(response.parts.size(), 3u);
  EXPECT_NE(response.parts[0].text.find("Content-Type: text/html\r\nContent-Range: bytes 0-0/5\r\n\r\n"),
            std::string::npos);
  EXPECT_EQ(response.parts[1].at, 3u);
  EXPECT_EQ(response.parts[1].bytes, 2u);
  EXPECT_NE(response.fields.find("multipart/byteranges; boundary="), std::string::npos);
}

TEST(AcceptsCoding, ReadsWeights) {
  EXPECT_TRUE(accepts_coding("gzip", "gzip"));
  EXPECT_TRUE(accepts_coding("deflate, GZIP ; q=0.5", "gzip"));
  EXPECT_FALSE(accepts_coding("gzip;q=0.0", "gzip"));
  EXPECT_FALSE(accepts_coding("xgzip", "gzip"));
  EXPECT_FALSE(accepts_coding("", "gzip"));
}

}  // namespace
}  // namespace tierce::edge
