use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use segops_model::Limits;

use super::sample::{Shop, batches, bytes, query, service};
use crate::{Format, SqlError};

const ORDERS: &str = "SELECT position, event, ts, \"total:number\", clamped, properties, property_list(properties, 'products[].sku') AS skus FROM events ORDER BY position";

async fn read_back(format: Format, rows: Option<usize>) -> RecordBatch {
    let sql = service(Limits::default());
    let written = bytes(&sql, query(ORDERS), format, rows).await.unwrap();
    let read: Vec<RecordBatch> = match format {
        Format::Arrow => {
            StreamReader::try_new(written.as_slice(), None).unwrap().collect::<Result<_, _>>().unwrap()
        }
        _ => {
            let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(written)).unwrap();
            builder.build().unwrap().collect::<Result<_, _>>().unwrap()
        }
    };
    concat_batches(&read[0].schema(), &read).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_come_back_as_they_were() {
    let sql = service(Limits::default());
    let asked = batches(&sql, query(ORDERS), Shop::new(false)).await.unwrap();
    let asked = concat_batches(&asked[0].schema(), &asked).unwrap();
    for format in [Format::Arrow, Format::Parquet] {
        let read = read_back(format, None).await;
        assert_eq!(read.columns(), asked.columns(), "{format:?}");
        assert_eq!(read_back(format, Some(7)).await.num_rows(), 7, "{format:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_quoted_where_they_have_to_be() {
    let sql = service(Limits::default());
    let csv = async |text: &str| {
        String::from_utf8(bytes(&sql, query(text), Format::Csv, None).await.unwrap()).unwrap()
    };
    assert_eq!(
        csv("SELECT 1 AS a, NULL AS b, '' AS c, 'x,\"y\"' AS d, 1.50 AS e, ARRAY['p', NULL] AS f, true AS g")
            .await,
        "a,b,c,d,e,f,g\r\n1,,\"\",\"x,\"\"y\"\"\",1.5,\"[\"\"p\"\",null]\",true\r\n"
    );
    assert_eq!(csv("SELECT event FROM events WHERE false").await, "event\r\n");
    assert_eq!(
        csv("SELECT ts, TIMESTAMP '2026-01-02' AS local, DATE '2026-01-03' AS day FROM events WHERE position = 1").await,
        "ts,local,day\r\n2026-01-01T00:01:00.000Z,2026-01-02T00:00:00.000,2026-01-03\r\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_as_an_answer_without_rows() {
    let sql = service(Limits::default());
    for format in [Format::Json, Format::Csv, Format::Arrow, Format::Parquet] {
        let written = bytes(&sql, query("SELECT event FROM events WHERE false"), format, None).await.unwrap();
        assert!(!written.is_empty(), "{format:?}");
        let error = bytes(&sql, query("SELECT 1 / (position - position) FROM events"), format, None)
            .await
            .unwrap_err();
        assert!(matches!(error, SqlError::Run(_)), "{format:?}: {error:?}");
    }
}
