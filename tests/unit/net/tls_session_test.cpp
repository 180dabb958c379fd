#include "net/tls_session.hpp"

#include <gmock/gmock.h>

#include "support/certificate.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_peer.hpp"

namespace togglecast::net {
namespace {

using test::TlsPeer;
using test::TlsPeerOptions;
using ::testing::StartsWith;

const std::string kHttp11("\x08http/1.1", 9);
const std::string kHttp2("\x02h2", 3);

class TlsSessionTest : public ::testing::Test {
 protected:
  TlsSessionTest() { server_ = std::make_unique<TlsSession>(context_); }

  // Lets both sides talk, `piece` bytes at a time to the server, until neither has anything to say.
  void talk(TlsPeer& peer, std::size_t piece = TlsSession::kInputBytes) {
    for (std::string bytes = peer.take(); !bytes.empty(); bytes = peer.take()) give(peer, bytes, piece);
  }
  void give(TlsPeer& peer, const std::string& bytes, std::size_t piece = TlsSession::kInputBytes) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const auto opened = server_->decrypt(std::string_view(bytes).substr(at, piece), plaintext_.data());
      received_.append(plaintext_.data(), opened.size);
      secured_ += opened.secured ? 1 : 0;
      if (opened.end != TlsSession::End::none) end_ = opened.end;
      peer.feed(opened.reply);
    }
  }
  // A server's side for the next connection.
  void hang_up() {
    server_ = std::make_unique<TlsSession>(context_);
    end_ = TlsSession::End::none;
    received_.clear();
    secured_ = 0;
  }

  togglecast::testing::TemporaryFolder folder_;
  test::CertificateFiles files_ = test::make_certificate(folder_.path(), "server");
  std::shared_ptr<TlsContext> context_ = TlsContext::load({.certificate = files_.certificate,
                                                           .key = files_.key,
                                                           .protocols = {"http/1.1"},
                                                           .plaintext_answer = "TLS!"})
                                             .value();
  std::unique_ptr<TlsSession> server_;
  std::string plaintext_ = std::string(TlsSession::kOutputBytes, '\0');
  std::string received_;
  int secured_ = 0;
  TlsSession::End end_ = TlsSession::End::none;
};

class TlsVersions : public TlsSessionTest, public ::testing::WithParamInterface<int> {
 protected:
  TlsPeerOptions options() const { return {.least_version = GetParam(), .latest_version = GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(TlsSessionTest, TlsVersions, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& of) { return of.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

TEST_P(TlsVersions, CarryBytesBothWays) {
  TlsPeer peer(options());
  talk(peer);
  ASSERT_TRUE(peer.secured());
  EXPECT_TRUE(server_->secured());
  EXPECT_EQ(secured_, 1);

  peer.write("over");
  talk(peer);
  peer.feed(server_->encrypt("and back"));

  EXPECT_EQ(received_, "over");
  EXPECT_EQ(peer.received(), "and back");
  EXPECT_EQ(context_->counters().handshakes.load(), 1U);
}

TEST_P(TlsVersions, UnderstandBytesThatComeOneByOne) {
  TlsPeer peer(options());
  talk(peer, 1);
  ASSERT_TRUE(peer.secured());

  const std::string text(40'000, 't');
  peer.write(text);
  talk(peer, 1);

  EXPECT_EQ(received_, text);
}

TEST_P(TlsVersions, TakeAFullBufferThatBeginsInTheMiddleOfARecord) {
  TlsPeer peer(options());
  talk(peer);
  const std::string text(200'000, 'r');
  peer.write(text);
  const std::string bytes = peer.take();

  give(peer, bytes.substr(0, 16'000));
  give(peer, bytes.substr(16'000));

  EXPECT_EQ(received_, text);
}

TEST_P(TlsVersions, ResumeByATicket) {
  TlsPeer first(options());
  talk(first);
  first.feed(server_->encrypt("x"));  // tickets of 1.3 come behind the handshake
  ASSERT_NE(first.ticket(), nullptr);
  hang_up();
  auto again = options();
  again.ticket = first.ticket();

  TlsPeer second(again);
  talk(second);

  EXPECT_TRUE(second.resumed());
  EXPECT_TRUE(server_->resumed());
  EXPECT_EQ(context_->counters().resumed_handshakes.load(), 1U);
}

TEST_P(TlsVersions, ResumeAcrossAReload) {
  TlsPeer first(options());
  talk(first);
  hang_up();
  ASSERT_TRUE(context_->reload());
  auto again = options();
  again.ticket = first.ticket();

  TlsPeer second(again);
  talk(second);

  EXPECT_TRUE(second.resumed());
}

TEST_P(TlsVersions, DoNotOpenTicketsOfAnotherServer) {
  TlsPeer first(options());
  talk(first);
  context_ = TlsContext::load({.certificate = files_.certificate, .key = files_.key}).value();
  hang_up();
  auto again = options();
  again.ticket = first.ticket();

  TlsPeer second(again);
  talk(second);

  EXPECT_TRUE(second.secured());
  EXPECT_FALSE(second.resumed());
}

TEST_P(TlsVersions, SayGoodbyeOnce) {
  TlsPeer peer(options());
  talk(peer);

  const std::string goodbye(server_->close_notify());
  peer.feed(goodbye);

  EXPECT_TRUE(peer.closed());
  EXPECT_EQ(server_->close_notify(), "");
  EXPECT_EQ(server_->encrypt("too late"), "");
}

TEST_P(TlsVersions, HearTheGoodbyeBehindTheLastBytes) {
  TlsPeer peer(options());
  talk(peer);

  peer.write("last");
  peer.close_notify();
  talk(peer);

  EXPECT_EQ(received_, "last");
  EXPECT_EQ(end_, TlsSession::End::closed);
  EXPECT_EQ(context_->counters().alerts_received.load(), 0U);
}

TEST_P(TlsVersions, EndWithAnAlertOnGarbage) {
  TlsPeer peer(options());
  talk(peer);

  const std::string garbage = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, '?');
  give(peer, garbage);

  EXPECT_EQ(end_, TlsSession::End::failed);
  EXPECT_TRUE(peer.failed());
  EXPECT_EQ(server_->encrypt("x"), "");
  EXPECT_EQ(server_->close_notify(), "");
  EXPECT_EQ(context_->counters().alerts_sent.load(), 1U);
}

TEST_F(TlsSessionTest, RefusesOlderVersions) {
  TlsPeer peer({.least_version = TLS1_1_VERSION, .latest_version = TLS1_1_VERSION});

  talk(peer);

  EXPECT_EQ(end_, TlsSession::End::failed);
  EXPECT_EQ(server_->failure(), TlsFailure::version);
  EXPECT_EQ(peer.failure(), SSL_AD_REASON_OFFSET + SSL_AD_PROTOCOL_VERSION);
}

TEST_F(TlsSessionTest, AcceptsOnlyForwardSecretAeadCiphersOfTls12) {
  for (const char* ciphers : {"ECDHE-ECDSA-AES256-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256"}) {
    hang_up();
    TlsPeer peer({.latest_version = TLS1_2_VERSION, .ciphers = ciphers});

    talk(peer);

    EXPECT_EQ(end_, TlsSession::End::failed) << ciphers;
    EXPECT_EQ(server_->failure(), TlsFailure::unacceptable) << ciphers;
  }
  hang_up();
  TlsPeer peer({.latest_version = TLS1_2_VERSION});
  talk(peer);
  EXPECT_THAT(peer.cipher(), StartsWith("ECDHE-ECDSA-AES"));
}

TEST_F(TlsSessionTest, NegotiatesTheProtocolWhenAsked) {
  TlsPeer both({.protocols = kHttp2 + kHttp11});
  talk(both);
  EXPECT_EQ(both.protocol(), "http/1.1");

  hang_up();
  TlsPeer neither;
  talk(neither);
  EXPECT_TRUE(neither.secured());
  EXPECT_EQ(neither.protocol(), "");

  hang_up();
  TlsPeer other({.protocols = kHttp2});
  talk(other);
  EXPECT_EQ(server_->failure(), TlsFailure::unacceptable);
  EXPECT_EQ(other.failure(), SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL);
}

TEST_F(TlsSessionTest, DoesNotRenegotiate) {
  TlsPeer peer({.latest_version = TLS1_2_VERSION});
  talk(peer);

  SSL_renegotiate(peer.ssl());
  SSL_do_handshake(peer.ssl());
  talk(peer);

  EXPECT_EQ(peer.failure(), SSL_R_NO_RENEGOTIATION);
  EXPECT_EQ(context_->counters().handshakes.load(), 1U);
}

TEST_F(TlsSessionTest, NewKeysWithinTls13AreFollowed) {
  TlsPeer peer;
  talk(peer);

  SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_REQUESTED);
  peer.write("with new keys");
  talk(peer);
  peer.feed(server_->encrypt("so do we"));

  EXPECT_EQ(received_, "with new keys");
  EXPECT_EQ(peer.received(), "so do we");
}

TEST_F(TlsSessionTest, ARequestWithoutTlsGetsTheAnswerPreparedForIt) {
  const auto opened = server_->decrypt("GET / HTTP/1.1\r\n\r\n", plaintext_.data());

  EXPECT_EQ(opened.end, TlsSession::End::failed);
  EXPECT_EQ(opened.reply, "TLS!");
  EXPECT_EQ(server_->failure(), TlsFailure::plaintext);
}

TEST_F(TlsSessionTest, OtherGarbageIsMalformed) {
  for (const std::string& garbage : {std::string(64, '\0'), std::string(64, 'z'), std::string(64, '\xff'),
                                     std::string("\x16\x03\x01\xff\xff") + std::string(64, 'q')}) {
    hang_up();

    const auto opened = server_->decrypt(garbage, plaintext_.data());

    EXPECT_EQ(opened.end, TlsSession::End::failed);
    EXPECT_EQ(server_->failure(), TlsFailure::malformed);
  }
}

TEST_F(TlsSessionTest, KnowsThatThePeerRefused) {
  TlsPeer peer;
  give(peer, peer.take());
  const std::string unknown_ca("\x15\x03\x03\x00\x02\x02\x30", 7);

  give(peer, unknown_ca);

  EXPECT_EQ(end_, TlsSession::End::failed);
  EXPECT_EQ(server_->failure(), TlsFailure::refused);
  EXPECT_EQ(context_->counters().alerts_received.load(), 1U);
}

TEST_F(TlsSessionTest, NothingIsSealedBeforeTheHandshake) {
  EXPECT_EQ(server_->encrypt("secret"), "");
  EXPECT_EQ(server_->close_notify(), "");
}

}  // namespace
}  // namespace togglecast::net
