#include "net/tls_context.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "support/certificate.hpp"
#include "support/temporary_folder.hpp"

namespace togglecast::net {
namespace {

using test::make_certificate;
using ::testing::HasSubstr;

class TlsContextTest : public ::testing::Test {
 protected:
  static Result<std::shared_ptr<TlsContext>> load(const std::filesystem::path& certificate,
                                                  const std::filesystem::path& key) {
    return TlsContext::load({.certificate = certificate, .key = key});
  }
  static std::string refusal(const std::filesystem::path& certificate, const std::filesystem::path& key) {
    const auto loaded = load(certificate, key);
    return loaded ? "" : loaded.error().message;
  }
  std::filesystem::path text_file(const std::string& text) {
    const auto path = folder_.path() / "text";
    std::ofstream(path) << text;
    return path;
  }

  togglecast::testing::TemporaryFolder folder_;
  test::CertificateFiles good_ = make_certificate(folder_.path(), "good");
};

TEST_F(TlsContextTest, KnowsWhenItsCertificateIsValid) {
  const auto context = load(good_.certificate, good_.key).value();

  const auto [from, until] = context->validity();

  EXPECT_EQ(until.value - from.value, (86'400 + 3'600) * 1'000);
}

TEST_F(TlsContextTest, AnExpiredCertificateIsServedAndKnown) {
  using std::chrono::hours;
  const auto old = make_certificate(folder_.path(), "old", {.from = hours(-48), .until = hours(-24)});

  const auto context = load(old.certificate, old.key).value();

  EXPECT_LT(context->validity().until, SystemClock().wall_now());
}

TEST_F(TlsContextTest, AMissingFileIsNamed) {
  EXPECT_THAT(refusal("/nowhere/x.crt", good_.key),
              HasSubstr("cannot read the certificate /nowhere/x.crt: No such file"));
  EXPECT_THAT(refusal(good_.certificate, "/nowhere/x.key"),
              HasSubstr("cannot read the key /nowhere/x.key: No such file"));
  EXPECT_THAT(refusal(folder_.path(), good_.key), HasSubstr("cannot read the certificate"));
  EXPECT_THAT(refusal(text_file(""), good_.key), HasSubstr("it is empty"));
}

TEST_F(TlsContextTest, AFileOfSomethingElseIsNamed) {
  EXPECT_THAT(refusal(text_file("no certificate"), good_.key),
              HasSubstr("no usable certificate in PEM form in"));
  EXPECT_THAT(refusal(good_.certificate, text_file("no key")),
              HasSubstr("no usable private key in PEM form in"));
  EXPECT_THAT(refusal(good_.key, good_.key), HasSubstr("no usable certificate"));
}

TEST_F(TlsContextTest, AKeyOfAnotherCertificateIsRefused) {
  const auto other = make_certificate(folder_.path(), "other");

  EXPECT_THAT(refusal(good_.certificate, other.key), HasSubstr("does not belong to the certificate"));
}

TEST_F(TlsContextTest, AKeyWithAPassphraseIsRefusedWithoutAsking) {
  const auto closed = make_certificate(folder_.path(), "closed", {.passphrase = "open sesame"});

  EXPECT_THAT(refusal(closed.certificate, closed.key), HasSubstr("has a passphrase"));
}

TEST_F(TlsContextTest, AFailedReloadChangesNothing) {
  const auto context = load(good_.certificate, good_.key).value();
  const auto before = context->validity();
  std::filesystem::remove(good_.key);

  const auto reloaded = context->reload();

  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error().message, HasSubstr("good.key"));
  EXPECT_EQ(context->validity().until, before.until);
}

TEST_F(TlsContextTest, AReloadTakesTheFilesAsTheyAreNow) {
  const auto context = load(good_.certificate, good_.key).value();
  const auto before = context->validity();
  make_certificate(folder_.path(), "good", {.until = std::chrono::hours(240)});

  ASSERT_TRUE(context->reload());

  EXPECT_LT(before.until, context->validity().until);
}

}  // namespace
}  // namespace togglecast::net
