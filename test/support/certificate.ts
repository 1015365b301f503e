/**
 * A self-signed certificate for localhost and 127.0.0.1, from 2020 to 2120, and its key: for a server of a test's own. It protects
 * nothing, since everybody can read it here.
 */
export const certificate = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEG1MmoHaW1k41IRc
hCGJxW3g2zIdP6fKV23dfXLpf3GhRANCAATE5e7mgAdXwLugGXB0K9/R21A6hk+7
bJ2qIxKPu6b8k+J4nGXWMo9lqzZ4gne//tNlJ3+LaGWo1Lb4oFsrQMUb
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBVTCB/KADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCWxvY2FsaG9z
dDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
bG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExOXu5oAHV8C7oBlw
dCvf0dtQOoZPu2ydqiMSj7um/JPieJxl1jKPZas2eIJ3v/7TZSd/i2hlqNS2+KBb
K0DFG6M9MDswGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMB0GA1UdDgQWBBSk
NmeMBs7tu6uXioDkTWOxPTvs6jAKBggqhkjOPQQDAgNIADBFAiB0jh9AX5CDzDK4
wEwzypaWdvDHehN0iROpvb12folEnAIhAIM6a8X60Cvo/b1I2AVGXUou8eeqFvFm
1I2KTatmjvcK
-----END CERTIFICATE-----
`,
};
