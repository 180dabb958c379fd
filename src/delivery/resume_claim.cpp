#include "delivery/resume_claim.hpp"

#include <algorithm>
#include <utility>

#include "base/base64.hpp"
#include "domain/evaluation/unusable_context.hpp"

namespace togglecast::delivery {
namespace {

constexpr std::size_t kLongestOffset = 64;
constexpr std::size_t kTagBytes = 6;
static_assert(kTagBytes * 4 / 3 == domain::kOffsetTag);
constexpr std::uint64_t kLargestBase = (std::uint64_t{1} << 53) - 1;

// The parts hold no line break, except the context at the end.
std::string view_name(std::string_view channel, std::string_view environment, std::string_view who,
                      domain::Id id) {
  std::string name(channel);
  name.append(1, '\n').append(environment).append(1, '\n').append(who);
  return name.append(1, '\n').append(std::to_string(id)).append(1, '\n');
}

}  // namespace

std::string client_view_name(std::string_view channel, std::string_view environment, domain::Id client,
                             const ContextPtr& context) {
  std::string name = view_name(channel, environment, "client", client);
  if (context == domain::evaluation::unusable_context()) return name + "unusable";
  return context == nullptr ? name : name + json::canonical(*context);
}

std::string admin_view_name(std::string_view channel, std::string_view environment, domain::Id admin,
                            domain::Standing role) {
  const bool only_here = role.here() == domain::Role::owner && !role.owns_installation();
  return view_name(channel, environment, only_here ? "environment owner" : domain::to_string(role.here()),
                   admin);
}

std::string machine_view_name(std::string_view channel, std::string_view environment, domain::Id key) {
  return view_name(channel, environment, "machine", key);
}

std::optional<Pid> Pid::parse(std::string_view text) {
  if (text.size() != kText) return std::nullopt;
  const auto bytes = base64url_decode(text);
  Pid pid;
  if (!bytes || bytes->size() != pid.bytes_.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), pid.bytes_.begin());
  return pid;
}

std::string Pid::text() const {
  return base64url_encode({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
}

// base << 19 | salt, big endian in nine bytes.
domain::Revision Pid::base() const noexcept {
  std::uint64_t base = 0;
  for (std::size_t i = 0; i < 6; ++i) base = base << 8 | bytes_[i];
  return static_cast<domain::Revision>(base << 5 | bytes_[6] >> 3);
}

std::uint32_t Pid::salt() const noexcept {
  return (bytes_[6] & 7U) << 16 | static_cast<std::uint32_t>(bytes_[7]) << 8 | bytes_[8];
}

Pid SessionIds::make(std::string_view view, domain::Revision base, std::uint32_t salt) const {
  const std::uint64_t plain = std::min(static_cast<std::uint64_t>(base), kLargestBase);
  Pid pid;
  auto& bytes = pid.bytes_;
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(plain >> (45 - 8 * i));
  bytes[6] = static_cast<std::uint8_t>((plain & 31) << 3 | (salt >> 16 & 7));
  bytes[7] = static_cast<std::uint8_t>(salt >> 8);
  bytes[8] = static_cast<std::uint8_t>(salt);
  std::string signed_text = "pid ";
  signed_text.append(reinterpret_cast<const char*>(bytes.data()), Pid::kPlain).append(view);
  const std::string digest = key_.sign(signed_text);
  std::copy_n(digest.begin(), bytes.size() - Pid::kPlain, bytes.begin() + Pid::kPlain);
  return pid;
}

Pid SessionIds::make_new(std::string_view view, domain::Revision base, const std::optional<Pid>& presented,
                         RandomSource& random) const {
  const auto salt = static_cast<std::uint32_t>(random_below(random, std::uint64_t{1} << Pid::kSaltBits));
  const Pid pid = make(view, base, salt);
  return pid == presented ? make(view, base, salt ^ 1U) : pid;
}

std::string SessionIds::tag_of(const Pid& pid) const {
  std::string signed_text = "tag ";
  signed_text.append(reinterpret_cast<const char*>(pid.bytes_.data()), pid.bytes_.size());
  return base64url_encode(std::string_view(key_.sign(signed_text)).substr(0, kTagBytes));
}

std::string_view to_string(ResumeResult result) noexcept {
  switch (result) {
    case ResumeResult::current:
      return "current";
    case ResumeResult::updated:
      return "updated";
    case ResumeResult::malformed:
      return "malformed";
    case ResumeResult::other_view:
      return "other_view";
    case ResumeResult::no_offset:
      return "no_offset";
    case ResumeResult::not_begun:
      return "not_begun";
    case ResumeResult::out_of_reach:
      return "out_of_reach";
    case ResumeResult::ahead:
      return "ahead";
    case ResumeResult::node_behind:
      return "node_behind";
    case ResumeResult::limited:
      return "limited";
  }
  return "";
}

tl::expected<ResumeClaim, ResumeResult> read_claim(const SessionIds& ids, std::string_view view,
                                                   std::string_view pid, std::string_view offset) {
  const auto session = Pid::parse(pid);
  if (!session) return tl::unexpected(ResumeResult::malformed);
  if (ids.with_view(*session, view) != *session) return tl::unexpected(ResumeResult::other_view);
  if (offset.empty()) return tl::unexpected(ResumeResult::no_offset);
  const auto read = offset.size() > kLongestOffset ? std::nullopt : domain::parse_tagged_offset(offset);
  if (!read) return tl::unexpected(ResumeResult::malformed);
  const bool of_session =
      read->tag.empty() ? read->offset.revision > session->base() : read->tag == ids.tag_of(*session);
  if (!of_session) return tl::unexpected(ResumeResult::not_begun);
  return ResumeClaim{*session, read->offset};
}

}  // namespace togglecast::delivery
