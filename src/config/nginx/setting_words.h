// The words of the directives that take one of a few.
#pragma once

#include <span>

#include "config/nginx/location_settings.h"

namespace tierce::config::nginx {

constexpr Choice<IfModifiedSince> kIfModifiedSince[] = {
    {"off", IfModifiedSince::kOff}, {"exact", IfModifiedSince::kExact}, {"before", IfModifiedSince::kBefore}};
inline std::span<const Choice<IfModifiedSince>> choices_of(IfModifiedSince) { return kIfModifiedSince; }
constexpr Choice<LingeringClose> kLingering[] = {
    {"off", LingeringClose::kOff}, {"on", LingeringClose::kOn}, {"always", LingeringClose::kAlways}};
inline std::span<const Choice<LingeringClose>> choices_of(LingeringClose) { return kLingering; }
constexpr Choice<InFile> kInFile[] = {{"off", InFile::kOff}, {"on", InFile::kOn}, {"clean", InFile::kClean}};
inline std::span<const Choice<InFile>> choices_of(InFile) { return kInFile; }
constexpr Choice<IndexFormat> kIndexFormats[] = {{"html", IndexFormat::kHtml},
                                                 {"json", IndexFormat::kJson},
                                                 {"jsonp", IndexFormat::kJsonp},
                                                 {"xml", IndexFormat::kXml}};
inline std::span<const Choice<IndexFormat>> choices_of(IndexFormat) { return kIndexFormats; }
constexpr Choice<ServerTokens> kServerTokens[] = {
    {"off", ServerTokens::kOff}, {"on", ServerTokens::kOn}, {"build", ServerTokens::kBuild}};
inline std::span<const Choice<ServerTokens>> choices_of(ServerTokens) { return kServerTokens; }
constexpr Choice<Satisfy> kSatisfy[] = {{"all", Satisfy::kAll}, {"any", Satisfy::kAny}};
inline std::span<const Choice<Satisfy>> choices_of(Satisfy) { return kSatisfy; }
constexpr Choice<StaticPacked> kStaticPacked[] = {
    {"off", StaticPacked::kOff}, {"on", StaticPacked::kOn}, {"always", StaticPacked::kAlways}};
inline std::span<const Choice<StaticPacked>> choices_of(StaticPacked) { return kStaticPacked; }

}  // namespace tierce::config::nginx
