use proptest::prelude::*;

use super::*;

fn tokens() -> Tokens {
    Tokens {
        consumer_key: "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4".to_owned(),
        consumer_secret: "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5".to_owned().into(),
        token_id: "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc".to_owned(),
        token_secret: "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295".to_owned().into(),
    }
}

/// NetSuite's own example.
#[test]
fn the_documented_call_has_the_documented_signature() {
    let url = Url::parse("https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40").unwrap();
    let moment = Moment { timestamp: 1_508_242_306, nonce: "fjaLirsIcCGVZWzBX0pg" };
    let header = header("GET", &url, &"123456".parse().unwrap(), &tokens(), moment);
    let expected = [
        "OAuth realm=\"123456\"",
        "oauth_consumer_key=\"ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4\"",
        "oauth_nonce=\"fjaLirsIcCGVZWzBX0pg\"",
        "oauth_signature_method=\"HMAC-SHA256\"",
        "oauth_timestamp=\"1508242306\"",
        "oauth_token=\"2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc\"",
        "oauth_version=\"1.0\"",
        "oauth_signature=\"B5OIWznZ2YP0OB7VrJrGkYsTh%2B8H%2B5T9Hag%2Bo92q0zY%3D\"",
    ];
    assert_eq!(header, expected.join(", "));
}

/// The example of <https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.1>, its body's parameters moved into the query.
#[test]
fn a_query_is_signed_sorted_and_encoded_twice() {
    let url = Url::parse("http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2&a3=2+q").unwrap();
    let ours = [
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
    ];
    assert_eq!(
        base_string("POST", &url, &ours),
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26\
         oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26\
         oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    );
}

proptest! {
    #[test]
    fn method_address_query_nonce_and_time_are_all_signed(
        path in "[a-z]{1,9}", value in "\\PC{0,9}", nonce in "[0-9a-f]{32}", timestamp in 0_i64..4_000_000_000
    ) {
        let url = |path: &str, value: &str| {
            let mut url = Url::parse(&format!("https://h.example/{path}")).unwrap();
            url.query_pairs_mut().append_pair("deploy", value);
            url
        };
        let sign = |method, url: &Url, nonce: &str, timestamp| {
            let header = header(method, url, &"1".parse().unwrap(), &tokens(), Moment { timestamp, nonce });
            header.rsplit_once("oauth_signature=").unwrap().1.to_owned()
        };
        let signed = sign("GET", &url(&path, &value), &nonce, timestamp);
        prop_assert_ne!(&signed, &sign("POST", &url(&path, &value), &nonce, timestamp));
        prop_assert_ne!(&signed, &sign("GET", &url(&format!("{path}x"), &value), &nonce, timestamp));
        prop_assert_ne!(&signed, &sign("GET", &url(&path, &format!("{value}x")), &nonce, timestamp));
        prop_assert_ne!(&signed, &sign("GET", &url(&path, &value), &format!("{nonce}x"), timestamp));
        prop_assert_ne!(&signed, &sign("GET", &url(&path, &value), &nonce, timestamp + 1));
        prop_assert_eq!(&signed, &sign("GET", &url(&path, &value), &nonce, timestamp));
    }
}
